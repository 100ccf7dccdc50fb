#include "snapshot/apply.h"

#include <cerrno>
#include <climits>
#include <cstddef>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <vector>

#include "archive/tar_reader.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "os/fd.h"
#include "snapshot/layer_names.h"
#include "snapshot/layer_nodes.h"
#include "snapshot/tree_writer.h"
#include "snapshot/xattrs.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kBufferSize = 128 << 10;
// Smaller files are not worth a look at the free space.
constexpr std::uint64_t kLargeFile = 64 << 20;

EntryType entry_type(archive::EntryType type) {
  switch (type) {
    case archive::EntryType::kFile:
      return EntryType::kFile;
    case archive::EntryType::kDirectory:
      return EntryType::kDirectory;
    case archive::EntryType::kSymlink:
      return EntryType::kSymlink;
    case archive::EntryType::kHardlink:
      return EntryType::kHardlink;
    case archive::EntryType::kCharDevice:
      return EntryType::kCharDevice;
    case archive::EntryType::kBlockDevice:
      return EntryType::kBlockDevice;
    case archive::EntryType::kFifo:
      return EntryType::kFifo;
  }
  return EntryType::kFile;
}

Entry make_entry(archive::TarEntry&& tar, std::string path) {
  Entry entry;
  entry.path = std::move(path);
  entry.type = entry_type(tar.type);
  // A symlink's is 0777 on every disk, whatever the tar says.
  entry.mode = tar.type == archive::EntryType::kSymlink ? 0777U : tar.mode & 07777U;
  entry.uid = tar.uid;
  entry.gid = tar.gid;
  entry.mtime = tar.mtime;
  entry.mtime_nsec = tar.mtime_nsec;
  if (entry.type == EntryType::kFile) entry.size = tar.size;
  if (entry.type == EntryType::kSymlink) entry.link_target = std::move(tar.link_target);
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) {
    entry.device_major = tar.device_major;
    entry.device_minor = tar.device_minor;
  }
  entry.xattrs = layer_xattrs(std::move(tar.xattrs));
  return entry;
}

class Applier {
 public:
  Applier(base::ByteSource& tar, const std::string& tree, Form form, const TimeRestorer& restore)
      : reader_(tar), tree_(tree), writer_(tree, form), restore_(restore), buffer_(kBufferSize) {}

  LayerIndex run(const std::stop_token& stop) {
    while (std::optional<archive::TarEntry> tar = reader_.next()) {
      base::throw_if_stopped(stop);
      std::string name = tar->path;
      try {
        apply(std::move(*tar));
      } catch (base::Error& error) {
        error.context(fmt::format("entry '{}'", name));
        throw;
      }
    }
    LayerIndex index = nodes_.take_index();
    writer_.finish_directories(index);
    return index;
  }

 private:
  void apply(archive::TarEntry&& tar) {
    LayerName name = parse_layer_name(tar.path);
    if (name.kind == LayerName::Kind::kIgnored) return;
    std::string path = nodes_.resolve_parent(name.path);
    open_up_parents(path);
    switch (name.kind) {
      case LayerName::Kind::kWhiteout:
        return hide(path);
      case LayerName::Kind::kOpaque:
        return make_opaque(path);
      default:
        break;
    }
    if (tar.type == archive::EntryType::kHardlink) return link(path, tar.link_target);
    Entry entry = make_entry(std::move(tar), std::move(path));
    if (restore_) restore_(entry);
    if (entry.is_directory()) return put_directory(std::move(entry));
    if (entry.path.empty()) fail_corrupt("the layer's root is not a directory");
    check_target(entry);
    discard(entry.path);
    if (entry.type == EntryType::kFile) {
      unpack_file(entry);
    } else {
      writer_.add(entry);
    }
    nodes_.put(std::move(entry));
  }

  [[noreturn]] static void fail_corrupt(const std::string& what) {
    throw base::Error(base::ErrorKind::kCorrupt, what);
  }

  static void check_target(const Entry& entry) {
    if (entry.type != EntryType::kSymlink) return;
    if (entry.link_target.empty()) fail_corrupt("its symlink has no target");
    if (entry.link_target.size() >= PATH_MAX) fail_corrupt("its symlink's target is too long");
  }

  // Something below a path that this layer hid before: the path is a directory again, with nothing from lower
  // layers.
  void open_up_parents(const std::string& path) {
    for (const std::string& hidden : nodes_.whiteouts_above(path)) {
      discard(hidden);
      Entry entry = default_directory(hidden);
      entry.opaque = true;
      put_directory(std::move(entry));
    }
  }

  static Entry default_directory(const std::string& path) {
    Entry entry;
    entry.path = path;
    entry.type = EntryType::kDirectory;
    entry.mode = 0755;
    return entry;
  }

  // Removes what this layer has at `path` so far.
  void discard(const std::string& path) {
    if (nodes_.erase(path)) writer_.remove(path);
  }

  void put_directory(Entry entry) {
    const Entry* known = nodes_.find(entry.path);
    if (known != nullptr && known->is_directory()) {
      entry.opaque = entry.opaque || known->opaque;
    } else if (known != nullptr) {
      entry.opaque = entry.opaque || known->type == EntryType::kWhiteout;
      discard(entry.path);
    }
    writer_.add(entry);
    nodes_.put(std::move(entry));
  }

  // A whiteout is about lower layers only: what this layer has at the path stays.
  void hide(const std::string& path) {
    const Entry* known = nodes_.find(path);
    if (nodes_.is_directory(path)) return make_opaque(path);
    if (known != nullptr) return;
    Entry entry;
    entry.path = path;
    entry.type = EntryType::kWhiteout;
    writer_.add(entry);
    nodes_.put(std::move(entry));
  }

  void make_opaque(const std::string& path) {
    const Entry* known = nodes_.find(path);
    if (known != nullptr && known->type != EntryType::kWhiteout && !known->is_directory()) {
      fail_corrupt(fmt::format("'{}' is marked as opaque and is no directory", path));
    }
    Entry entry = known != nullptr && known->is_directory() ? *known : default_directory(path);
    entry.opaque = true;
    put_directory(std::move(entry));
  }

  void link(const std::string& path, const std::string& target_text) {
    LayerName name = parse_layer_name(target_text);
    std::string target = nodes_.resolve_parent(name.path);
    const Entry* linked = nodes_.find(target);
    if (name.kind != LayerName::Kind::kPlain || linked == nullptr || linked->type == EntryType::kWhiteout) {
      fail_corrupt(fmt::format("its hardlink target '{}' is not in this layer", target_text));
    }
    if (linked->is_directory())
      fail_corrupt(fmt::format("its hardlink target '{}' is a directory", target_text));
    if (path.empty()) fail_corrupt("the layer's root is not a directory");
    if (target == path) return;
    if (is_below(target, path))
      fail_corrupt(fmt::format("it replaces its own hardlink target '{}'", target_text));
    discard(path);
    Entry entry;
    entry.path = path;
    entry.type = EntryType::kHardlink;
    entry.link_target = target;
    writer_.add(entry);
    nodes_.put_link(path, target);
  }

  void unpack_file(const Entry& entry) {
    if (entry.size >= kLargeFile) require_space(entry);
    os::Fd file = writer_.create_file(entry);
    os::FdSink sink(file.get(), entry.path);
    std::uint64_t written = 0;
    while (std::size_t count = reader_.read(buffer_)) {
      sink.write(base::ByteSpan(buffer_).first(count));
      written += count;
    }
    if (written != entry.size)
      fail_corrupt(fmt::format("it has {} bytes instead of {}", written, entry.size));
    writer_.finish_file(file, entry);
  }

  // Fails before the disk is full of a file that cannot fit, such as a bomb of zeros.
  void require_space(const Entry& entry) const {
    struct statvfs status {};
    if (::statvfs(tree_.c_str(), &status) < 0) return;
    if (entry.size > static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize) {
      throw base::os_error(ENOSPC, fmt::format("unpack {} bytes to", entry.size), entry.path);
    }
  }

  archive::TarReader reader_;
  std::string tree_;
  TreeWriter writer_;
  const TimeRestorer& restore_;
  LayerNodes nodes_;
  std::vector<std::byte> buffer_;
};

}  // namespace

LayerIndex apply_layer(base::ByteSource& tar, const std::string& tree, Form form, const TimeRestorer& restore,
                       const std::stop_token& stop) {
  return Applier(tar, tree, form, restore).run(stop);
}

}  // namespace cooper::snapshot
