#include "transfer/archive_members.h"

#include <array>
#include <fmt/format.h>
#include <vector>

#include "archive/foreign.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "base/text.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kDocumentLimit = 8 << 20;
constexpr std::size_t kMostMembers = 100'000;
constexpr int kMostLinks = 8;
constexpr std::string_view kBlobs = "blobs/sha256/";

// "./a//b/../c" → "a/c". Above the top there is nothing, so ".." there stays where it is.
std::string normal_path(std::string_view path) {
  std::vector<std::string> parts;
  for (const std::string& part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return base::join(parts, "/");
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool is_text(const std::string& path) {
  return path == "index.json" || path == "manifest.json";
}

// What archives say about themselves and no image names.
bool is_bookkeeping(const std::string& path) {
  return path == "oci-layout" || path == "repositories" || path == "VERSION" || path.ends_with("/VERSION") ||
         path.ends_with("/json");
}

oci::Descriptor store_blob(const store::Store& store, const std::string& path, base::ByteSource& content) {
  std::optional<base::Digest> expected;
  if (path.starts_with(kBlobs)) expected = base::Digest::from_hex(path.substr(kBlobs.size()));
  store::BlobWriter writer = store.begin_blob();
  base::copy_all(content, writer);
  oci::Descriptor blob;
  blob.size = writer.size();
  blob.digest = writer.commit(expected);
  return blob;
}

}  // namespace

ArchiveMembers ArchiveMembers::read(const store::Store& store, base::ByteSource& in, const std::string& what,
                                    const std::stop_token& stop) {
  ArchiveMembers members;
  std::size_t count = 0;
  archive::read_archive(in, what, [&](const archive::TarEntry& entry, base::ByteSource& content) {
    base::throw_if_stopped(stop);
    if (++count > kMostMembers) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("'{}' has more than {} members", what, kMostMembers))
          .hint("give an archive of images, not of files");
    }
    const std::string path = normal_path(entry.path);
    if (entry.type == archive::EntryType::kSymlink) {
      members.links_[path] = normal_path(parent_of(path) + "/" + entry.link_target);
    } else if (entry.type == archive::EntryType::kHardlink) {
      members.links_[path] = normal_path(entry.link_target);
    } else if (entry.type == archive::EntryType::kFile && is_text(path)) {
      members.texts_[path] = base::read_all(content, kDocumentLimit, path);
    } else if (entry.type == archive::EntryType::kFile && !is_bookkeeping(path)) {
      try {
        members.blobs_[path] = store_blob(store, path, content);
      } catch (base::Error& error) {
        throw error.context(fmt::format("load '{}'", what));
      }
    }
  });
  return members;
}

std::optional<std::string> ArchiveMembers::text(const std::string& name) const {
  auto found = texts_.find(name);
  return found == texts_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<oci::Descriptor> ArchiveMembers::blob(const std::string& path) const {
  std::string at = normal_path(path);
  for (int followed = 0; followed <= kMostLinks; ++followed) {
    if (auto found = blobs_.find(at); found != blobs_.end()) return found->second;
    auto link = links_.find(at);
    if (link == links_.end()) return std::nullopt;
    at = link->second;
  }
  return std::nullopt;
}

}  // namespace cooper::transfer
