#include "transfer/unpack_layout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <set>

#include "archive/foreign.h"
#include "base/cancellation.h"
#include "base/digest.h"
#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::transfer {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view kBlobs = "blobs/sha256/";
constexpr const char* kMarker = "oci-layout";
constexpr const char* kIndex = "index.json";

// The path of a layout's member; nullopt for anything else. Only names of this form are ever written.
std::optional<std::string> layout_member(std::string path) {
  if (path.starts_with("./")) path.erase(0, 2);
  if (path == kMarker || path == kIndex) return path;
  const bool is_blob =
      path.starts_with(kBlobs) && base::Digest::parse("sha256:" + path.substr(kBlobs.size()));
  return is_blob ? std::optional(path) : std::nullopt;
}

}  // namespace

void unpack_layout(base::ByteSource& in, const std::string& name, const std::string& directory,
                   const std::stop_token& stop) {
  os::make_directories(directory + "/" + std::string(kBlobs));
  std::set<std::string> found;
  archive::read_archive(in, name, [&](const archive::TarEntry& entry, base::ByteSource& content) {
    base::throw_if_stopped(stop);
    const std::optional<std::string> member = layout_member(entry.path);
    if (!member || entry.type != archive::EntryType::kFile || !found.insert(*member).second) return;
    const std::string path = directory + "/" + *member;
    const os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    os::FdSink sink(file.get(), path);
    base::copy_all(content, sink);
  });
  if (found.contains(kMarker) && found.contains(kIndex)) return;
  throw Error(ErrorKind::kContext, fmt::format("'{}' holds no image in OCI layout", name))
      .hint("save it with --tar-path or --oci-layout-path here, with docker 25 or later, or with skopeo");
}

}  // namespace cooper::transfer
