#include "snapshot/pack.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "archive/tar_writer.h"
#include "archive/whiteout.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "snapshot/layer.h"
#include "snapshot/layer_names.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kBufferSize = 256 << 10;

archive::EntryType tar_type(EntryType type) {
  switch (type) {
    case EntryType::kFile:
    case EntryType::kWhiteout:
      return archive::EntryType::kFile;
    case EntryType::kDirectory:
      return archive::EntryType::kDirectory;
    case EntryType::kSymlink:
      return archive::EntryType::kSymlink;
    case EntryType::kHardlink:
      return archive::EntryType::kHardlink;
    case EntryType::kCharDevice:
      return archive::EntryType::kCharDevice;
    case EntryType::kBlockDevice:
      return archive::EntryType::kBlockDevice;
    case EntryType::kFifo:
      return archive::EntryType::kFifo;
  }
  return archive::EntryType::kFile;
}

class Packer {
 public:
  Packer(const LayerIndex& index, FileContents& files, std::optional<std::int64_t> epoch, base::ByteSink& out)
      : index_(index), files_(files), epoch_(epoch), tar_(out), buffer_(kBufferSize) {}

  void run(const std::stop_token& stop) {
    for (const Entry& entry : index_.entries()) {
      base::throw_if_stopped(stop);
      add(entry);
    }
    tar_.finish();
  }

 private:
  void add(const Entry& entry) {
    if (entry.type == EntryType::kWhiteout) return add_marker(archive::whiteout_path(entry.path));
    if (is_reserved_name(base_name(entry.path))) {
      throw base::Error(
          base::ErrorKind::kUnsupported,
          fmt::format("a layer cannot hold '/{}': such a name means a deleted file", entry.path))
          .hint("remove or rename the file in the step that makes it");
    }
    archive::TarEntry header = header_of(entry);
    if (entry.type == EntryType::kFile && entry.size > 0) return add_file(header, entry);
    tar_.add(header);
    if (entry.opaque) add_marker(archive::opaque_marker(entry.path));
  }

  archive::TarEntry header_of(const Entry& entry) const {
    archive::TarEntry header;
    header.path = entry.path.empty() ? "." : entry.path;
    header.type = tar_type(entry.type);
    header.mode = entry.mode;
    header.uid = entry.uid;
    header.gid = entry.gid;
    // Whole seconds, as other builders' layers have them.
    header.mtime = sealed_time(entry, epoch_);
    if (entry.type == EntryType::kFile) header.size = entry.size;
    header.link_target = entry.link_target;
    header.device_major = entry.device_major;
    header.device_minor = entry.device_minor;
    if (entry.type != EntryType::kHardlink) header.xattrs = entry.xattrs;
    return header;
  }

  void add_marker(const std::string& path) {
    archive::TarEntry header;
    header.path = path;
    tar_.add(header);
  }

  void add_file(const archive::TarEntry& header, const Entry& entry) {
    files_.begin(entry);
    tar_.begin(header);
    std::uint64_t left = entry.size;
    while (true) {
      // One byte more than is expected shows a file that grew, without another call.
      std::uint64_t wanted = std::min<std::uint64_t>(buffer_.size(), left + 1);
      std::size_t count = files_.read(base::MutableByteSpan(buffer_).first(static_cast<std::size_t>(wanted)));
      if (count > left || (count == 0 && left > 0)) fail_size(entry);
      tar_.write_content(base::ByteSpan(buffer_).first(count));
      left -= count;
      if (left == 0 && count < wanted) return;
    }
  }

  [[noreturn]] void fail_size(const Entry& entry) const {
    throw base::Error(
        base::ErrorKind::kCorrupt,
        fmt::format("'{}' has not the {} bytes that the layer's index says", files_.shown(entry), entry.size))
        .hint("remove this layer's folder below trees/ in the store, it was changed from outside");
  }

  const LayerIndex& index_;
  FileContents& files_;
  std::optional<std::int64_t> epoch_;
  archive::TarWriter tar_;
  std::vector<std::byte> buffer_;
};

}  // namespace

std::int64_t newest_time(const LayerIndex& index) {
  std::int64_t newest = 0;
  for (const Entry& entry : index.entries()) {
    if (entry.type == EntryType::kWhiteout) continue;
    newest = std::max(newest, entry.fresh ? kAlwaysNewer : entry.mtime);
  }
  return newest;
}

std::int64_t sealed_time(const Entry& entry, const std::optional<std::int64_t>& epoch) {
  if (!epoch) return entry.mtime;
  return entry.fresh ? *epoch : std::min(entry.mtime, *epoch);
}

void pack_layer(const LayerIndex& index, FileContents& files, std::optional<std::int64_t> epoch,
                base::ByteSink& out, const std::stop_token& stop) {
  Packer(index, files, epoch, out).run(stop);
}

}  // namespace cooper::snapshot
