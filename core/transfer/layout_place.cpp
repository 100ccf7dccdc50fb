#include "transfer/layout_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::transfer {

namespace {

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";

// A file that is gone again unless it was renamed.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) {}
  ~Draft() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const std::string& path() const { return path_; }
  void become(const std::string& place) {
    base::check(::rename(path_.c_str(), place.c_str()), "rename", path_);
    path_.clear();
  }

 private:
  std::string path_;
};

}  // namespace

std::string LayoutPlace::blob_path(const base::Digest& digest) const {
  return name_.path + "/blobs/sha256/" + digest.hex();
}

bool LayoutPlace::has_blob(const base::Digest& digest) const {
  struct stat info {};
  return ::stat(blob_path(digest).c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::optional<registry::RawManifest> LayoutPlace::find(const std::stop_token& stop) {
  return find(OciLayout(name_).resolve(oci::host_platform()).digest, stop);
}

std::optional<registry::RawManifest> LayoutPlace::find(const base::Digest& document, const std::stop_token&) {
  if (!has_blob(document)) return std::nullopt;
  registry::RawManifest found;
  found.raw = OciLayout(name_).read_document(document);
  found.media_type = oci::document_media_type(found.raw);
  found.digest = document;
  return found;
}

bool LayoutPlace::has(const base::Digest& document, const std::stop_token&) {
  return has_blob(document);
}

std::unique_ptr<base::ByteSource> LayoutPlace::open_blob(const oci::Descriptor& blob,
                                                         const std::stop_token&) {
  return OciLayout(name_).open_blob(blob.digest);
}

void LayoutPlace::make() {
  std::call_once(made_, [this] {
    os::make_directories(name_.path + "/blobs/sha256");
    const std::string marker = name_.path + "/oci-layout";
    if (::access(marker.c_str(), F_OK) != 0) os::write_file_atomically(marker, kLayoutFile);
  });
}

registry::BlobPush LayoutPlace::put_blob(const oci::Descriptor& blob, ImagePlace& from,
                                         const std::stop_token& stop) {
  make();
  if (has_blob(blob.digest)) return registry::BlobPush::kExisted;
  Draft draft(fmt::format("{}/.{}.{}", name_.path, blob.digest.hex(), ::getpid()));
  os::Fd file = os::open_file(draft.path(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  os::FdSink sink(file.get(), draft.path());
  base::HashingSink hashed(&sink);
  base::copy_all(*from.open_blob(blob, stop), hashed);
  if (base::Digest actual = hashed.digest(); actual != blob.digest) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("blob '{}' of '{}' has the content of '{}'",
                                                             blob.digest.str(), from.shown(), actual.str()));
  }
  draft.become(blob_path(blob.digest));
  return registry::BlobPush::kUploaded;
}

std::vector<oci::Descriptor> LayoutPlace::list_referrers(const base::Digest& subject,
                                                         const std::stop_token& stop) {
  std::vector<oci::Descriptor> referrers;
  for (oci::Descriptor& listed : read_index().manifests) {
    const std::optional<registry::RawManifest> document = find(listed.digest, stop);
    if (!document || !oci::is_manifest(document->media_type)) continue;
    const oci::Manifest manifest = oci::Manifest::parse(document->raw, document->media_type);
    if (!manifest.subject || manifest.subject->digest != subject) continue;
    listed.artifact_type =
        manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
    referrers.push_back(std::move(listed));
  }
  return referrers;
}

void LayoutPlace::put(const registry::RawManifest& document, Naming naming, const std::stop_token&) {
  make();
  os::write_file_atomically(blob_path(document.digest), document.raw);
  if (naming == Naming::kByName) list(document, name_.tag);
  if (naming == Naming::kReferrer) list(document, "");
}

oci::Index LayoutPlace::read_index() const {
  const std::string path = name_.path + "/index.json";
  if (::access(path.c_str(), F_OK) == 0) return oci::Index::parse(os::read_file(path));
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  return index;
}

void LayoutPlace::list(const registry::RawManifest& document, const std::string& tag) {
  oci::Index index = read_index();
  auto is_replaced = [&](const oci::Descriptor& listed) {
    auto name = listed.annotations.find(kRefName);
    const std::string listed_tag = name == listed.annotations.end() ? "" : name->second;
    return listed_tag == tag && (!tag.empty() || listed.digest == document.digest);
  };
  std::erase_if(index.manifests, is_replaced);
  oci::Descriptor entry;
  entry.media_type = document.media_type;
  entry.digest = document.digest;
  entry.size = document.raw.size();
  if (!tag.empty()) entry.annotations[kRefName] = tag;
  index.manifests.push_back(std::move(entry));
  index.serialize();
  os::write_file_atomically(name_.path + "/index.json", index.raw);
}

}  // namespace cooper::transfer
