#include "transfer/oci_layout.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/manifest.h"

namespace cooper::transfer {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kDocumentLimit = 8 << 20;

os::Root open_directory(const LayoutName& name) {
  struct stat info {};
  bool exists = ::stat(name.path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return os::Root(name.path);
  Error error(ErrorKind::kContext, fmt::format("'{}': '{}' {}", name.str(), name.path,
                                               exists ? "is not a directory" : "does not exist"));
  if (exists) error.hint("unpack the archive, and give the directory");
  throw error;
}

std::string ref_name(const oci::Descriptor& manifest) {
  auto found = manifest.annotations.find(kRefName);
  return found == manifest.annotations.end() ? std::string() : found->second;
}

std::vector<oci::Descriptor> called(const oci::Index& index, const std::string& tag) {
  std::vector<oci::Descriptor> found;
  for (const oci::Descriptor& manifest : index.manifests) {
    if (ref_name(manifest) == tag) found.push_back(manifest);
  }
  return found;
}

// A source that owns the file it reads.
class FileSource final : public base::ByteSource {
 public:
  FileSource(os::Fd file, const std::string& name) : file_(std::move(file)), source_(file_.get(), name) {}
  std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

 private:
  os::Fd file_;
  os::FdSource source_;
};

}  // namespace

std::string LayoutName::str() const {
  std::string text = std::string(kOciLayoutScheme) + path;
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->str();
  return text;
}

LayoutName LayoutName::parse(const std::string& text) {
  LayoutName name;
  std::size_t at = text.rfind('@');
  name.path = text.substr(0, at);
  if (at != std::string::npos) {
    name.digest = base::Digest::parse(text.substr(at + 1));
    if (!name.digest) {
      throw Error(ErrorKind::kUsage,
                  fmt::format("'{}{}': '{}' is no digest", kOciLayoutScheme, text, text.substr(at + 1)))
          .hint("write it as oci-layout://path@sha256:<64 hex digits>");
    }
  }
  std::size_t colon = name.path.rfind(':');
  if (colon != std::string::npos && name.path.find('/', colon) == std::string::npos) {
    name.tag = name.path.substr(colon + 1);
    name.path.resize(colon);
  }
  if (name.path.empty()) {
    throw Error(ErrorKind::kUsage, fmt::format("'{}{}' names no directory", kOciLayoutScheme, text))
        .hint("write it as oci-layout://path[:tag]");
  }
  return name;
}

OciLayout::OciLayout(LayoutName name) : name_(std::move(name)), root_(open_directory(name_)) {}

// Never blocks, should it be a FIFO.
os::Fd OciLayout::open(const std::string& path) const {
  os::Fd file;
  try {
    file = root_.open_in_root(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch (const Error& error) {
    throw Error(ErrorKind::kContext, fmt::format("'{}': {}", name_.str(), error.message()));
  }
  struct stat info {};
  base::check(::fstat(file.get(), &info), "examine", path);
  if (S_ISREG(info.st_mode)) return file;
  throw Error(ErrorKind::kContext, fmt::format("'{}': '{}' is no regular file", name_.str(), path));
}

oci::Descriptor OciLayout::resolve(const oci::Platform& platform) const {
  if (name_.digest) {
    oci::Descriptor wanted;
    wanted.digest = *name_.digest;
    return wanted;
  }
  os::Fd file = open("index.json");
  os::FdSource source(file.get(), "index.json");
  oci::Index index = oci::Index::parse(base::read_all(source, kDocumentLimit, name_.str()));
  oci::Index candidates;
  candidates.manifests = called(index, name_.tag.empty() ? "latest" : name_.tag);
  if (candidates.manifests.empty() && name_.tag.empty()) {
    candidates.manifests = index.manifests.size() == 1 ? index.manifests : called(index, "");
  }
  if (candidates.manifests.size() == 1) return candidates.manifests.front();
  if (const oci::Descriptor* chosen = candidates.select(platform)) return *chosen;
  std::set<std::string> names;
  for (const oci::Descriptor& manifest : index.manifests) names.insert(ref_name(manifest));
  names.erase("");
  Error error(ErrorKind::kContext,
              candidates.manifests.empty()
                  ? fmt::format("'{}' does not name an image of the layout", name_.str())
                  : fmt::format("'{}' has no image for {}", name_.str(), platform.str()));
  if (!names.empty()) {
    error.hint(fmt::format("choose among the tags {}",
                           base::join(std::vector<std::string>(names.begin(), names.end()), ", ")));
  }
  throw error;
}

std::string OciLayout::read_document(const base::Digest& digest) const {
  std::unique_ptr<base::ByteSource> source = open_blob(digest);
  std::string text = base::read_all(*source, kDocumentLimit, digest.str());
  base::Digest actual = base::sha256(text);
  if (actual == digest) return text;
  throw Error(ErrorKind::kCorrupt, fmt::format("'{}': blob '{}' has the content of '{}'", name_.str(),
                                               digest.str(), actual.str()));
}

std::unique_ptr<base::ByteSource> OciLayout::open_blob(const base::Digest& digest) const {
  return std::make_unique<FileSource>(open("blobs/sha256/" + digest.hex()), digest.str());
}

}  // namespace cooper::transfer
