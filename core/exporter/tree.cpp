#include "exporter/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

#include "archive/tar_writer.h"
#include "base/error.h"
#include "os/beneath.h"
#include "snapshot/merged_view.h"

namespace cooper::exporter {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using snapshot::TreeView;

// Where one tree is written, path by path, parents first.
class TreeWriter {
 public:
  virtual ~TreeWriter() = default;
  virtual void add(const TreeView& tree, const Entry& entry, const std::string& path) = 0;
  virtual void finish() = 0;
  virtual std::size_t left_out() const { return 0; }
};

class TarTree final : public TreeWriter {
 public:
  explicit TarTree(const Destination& destination) : out_(open_destination(destination)), tar_(*out_) {}

  void add(const TreeView& tree, const Entry& entry, const std::string& path) override {
    archive::TarEntry member;
    member.path = path;
    member.type = static_cast<archive::EntryType>(entry.type);
    member.mode = entry.mode;
    member.uid = entry.uid;
    member.gid = entry.gid;
    member.mtime = entry.mtime;
    member.mtime_nsec = entry.mtime_nsec;
    member.link_target = entry.link_target;
    member.device_major = entry.device_major;
    member.device_minor = entry.device_minor;
    member.xattrs = entry.xattrs;
    if (entry.type != EntryType::kFile) {
      tar_.add(member);
      return;
    }
    member.size = entry.size;
    os::Fd file = tree.open(entry.path);
    os::FdSource source(file.get(), path);
    tar_.add(member, source);
  }
  void finish() override {
    tar_.finish();
    out_->finish();
  }

 private:
  std::unique_ptr<base::ByteSink> out_;
  archive::TarWriter tar_;
};

// The entry types that both enums share stand in the same order.
static_assert(static_cast<int>(EntryType::kFifo) == static_cast<int>(archive::EntryType::kFifo));

class DirectoryTree final : public TreeWriter {
 public:
  DirectoryTree(const std::string& path, bool keep_owners)
      : root_((os::make_directories(path), path)), keep_owners_(keep_owners) {}

  void add(const TreeView& tree, const Entry& entry, const std::string& path) override {
    std::string parent(snapshot::parent_path(path));
    // No component may be a symlink that an earlier export left in this directory.
    os::Fd directory = root_.open_exact(parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY);
    std::string name(snapshot::base_name(path));
    if (entry.is_directory()) {
      make_directory(directory.get(), name, path);
      directories_.push_back({path, entry});
      return;
    }
    if (::unlinkat(directory.get(), name.c_str(), 0) < 0 && errno != ENOENT)
      base::throw_errno("replace", path);
    make(tree, entry, directory.get(), name, path);
  }

  // Directories get mode and time when they are full, innermost first.
  void finish() override {
    for (auto done = directories_.rbegin(); done != directories_.rend(); ++done) {
      os::Fd directory = root_.open_exact(done->first, O_RDONLY | O_DIRECTORY);
      set_owner(directory.get(), done->second, done->first);
      base::check(::fchmod(directory.get(), done->second.mode), "change mode of", done->first);
      set_times(directory.get(), done->second);
    }
  }
  std::size_t left_out() const override { return left_out_; }

 private:
  static void make_directory(int parent, const std::string& name, const std::string& path) {
    if (::mkdirat(parent, name.c_str(), 0755) == 0) return;
    if (errno != EEXIST) base::throw_errno("create directory", path);
    struct stat info {};
    base::check(::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "examine", path);
    if (S_ISDIR(info.st_mode)) return;
    base::check(::unlinkat(parent, name.c_str(), 0), "replace", path);
    base::check(::mkdirat(parent, name.c_str(), 0755), "create directory", path);
  }

  void make(const TreeView& tree, const Entry& entry, int parent, const std::string& name,
            const std::string& path) {
    switch (entry.type) {
      case EntryType::kFile:
        make_file(tree, entry, parent, name, path);
        return;
      case EntryType::kHardlink: {
        os::Fd original = root_.open_exact(entry.link_target, O_PATH);
        std::string by_fd = fmt::format("/proc/self/fd/{}", original.get());
        base::check(::linkat(AT_FDCWD, by_fd.c_str(), parent, name.c_str(), AT_SYMLINK_FOLLOW), "link", path);
        return;
      }
      case EntryType::kSymlink:
        base::check(::symlinkat(entry.link_target.c_str(), parent, name.c_str()), "create symlink", path);
        break;
      case EntryType::kFifo:
        base::check(::mkfifoat(parent, name.c_str(), entry.mode), "create", path);
        break;
      default:
        if (!keep_owners_) {
          ++left_out_;
          return;
        }
        make_device(entry, parent, name, path);
    }
    if (keep_owners_) {
      base::check(::fchownat(parent, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW),
                  "change owner of", path);
    }
    std::array<timespec, 2> times = times_of(entry);
    ::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
  }

  static void make_device(const Entry& entry, int parent, const std::string& name, const std::string& path) {
    const mode_t type = entry.type == EntryType::kCharDevice ? S_IFCHR : S_IFBLK;
    const dev_t device = ::makedev(entry.device_major, entry.device_minor);
    base::check(::mknodat(parent, name.c_str(), type | entry.mode, device), "create device", path);
    base::check(::fchmodat(parent, name.c_str(), entry.mode, 0), "change mode of", path);
  }

  // Before the mode and with capabilities last: a change of owner takes both away.
  void set_owner(int file, const Entry& entry, const std::string& path) const {
    if (!keep_owners_) return;
    base::check(::fchown(file, entry.uid, entry.gid), "change owner of", path);
    for (const auto& [name, value] : entry.xattrs) {
      base::check(::fsetxattr(file, name.c_str(), value.data(), value.size(), 0), "set attribute of", path);
    }
  }

  void make_file(const TreeView& tree, const Entry& entry, int parent, const std::string& name,
                 const std::string& path) const {
    os::Fd in = tree.open(entry.path);
    os::Fd out(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    base::check(out.get(), "create", path);
    os::FdSource source(in.get(), path);
    os::FdSink sink(out.get(), path);
    base::copy_all(source, sink);
    set_owner(out.get(), entry, path);
    base::check(::fchmod(out.get(), entry.mode), "change mode of", path);
    set_times(out.get(), entry);
  }

  static std::array<timespec, 2> times_of(const Entry& entry) {
    timespec time{entry.mtime, static_cast<long>(entry.mtime_nsec)};
    return {time, time};
  }
  static void set_times(int fd, const Entry& entry) {
    std::array<timespec, 2> times = times_of(entry);
    ::futimens(fd, times.data());
  }

  os::Root root_;
  const bool keep_owners_;
  std::vector<std::pair<std::string, Entry>> directories_;
  std::size_t left_out_ = 0;
};

class TreeExporter final : public Exporter {
 public:
  TreeExporter(TreeOutput output, snapshot::LayerStore& layers, base::ThreadPool& pool)
      : output_(std::move(output)), layers_(layers), pool_(pool) {}

  bool needs_image() const override { return false; }
  std::unique_ptr<image::LayerReceiver> receive_layer(const snapshot::LayerPtr&,
                                                      const std::stop_token&) override {
    return nullptr;
  }

  std::string finish(const BuiltImages& built, const std::stop_token& stop) override {
    bool split = output_.platform_split.value_or(built.multi_platform || built.images.size() > 1);
    if (!split && built.images.size() > 1) refuse_shared_files(built, stop);
    std::unique_ptr<TreeWriter> writer;
    if (output_.as_tar) {
      writer = std::make_unique<TarTree>(output_.destination);
    } else {
      writer = std::make_unique<DirectoryTree>(output_.destination.path, output_.keep_owners);
    }
    for (const image::Image& image : built.images) write_image(*writer, image, split, stop);
    writer->finish();
    std::string line = "wrote the files to " + output_.destination.shown();
    if (writer->left_out() > 0) line += fmt::format(", without {} device nodes", writer->left_out());
    return line;
  }

 private:
  snapshot::MergedView open(const image::Image& image, const std::stop_token& stop) {
    snapshot::LayerStack stack;
    for (const image::ImageLayer& layer : image.layers) stack.push_back(layer.layer);
    base::parallel_for(pool_, stack.size(), 1, [&](std::size_t i) { layers_.materialize(*stack[i], stop); });
    return snapshot::MergedView(std::move(stack));
  }

  // Platforms that share one tree may share its directories only.
  void refuse_shared_files(const BuiltImages& built, const std::stop_token& stop) {
    std::unordered_map<std::string, std::string> platform_of;
    for (const image::Image& image : built.images) {
      snapshot::MergedView view = open(image, stop);
      std::string platform = image.config.platform.full_str();
      for (std::vector<Entry> todo = view.list(""); !todo.empty();) {
        Entry entry = std::move(todo.back());
        todo.pop_back();
        auto [first, is_new] = platform_of.try_emplace(entry.path, entry.is_directory() ? "" : platform);
        if (!is_new && !(entry.is_directory() && first->second.empty()))
          refuse(entry.path, first->second, platform);
        if (!entry.is_directory()) continue;
        for (Entry& child : view.list(entry.path)) todo.push_back(std::move(child));
      }
    }
  }

  [[noreturn]] static void refuse(const std::string& path, const std::string& first,
                                  const std::string& second) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("'/{}' is in the results for {} and for {}", path,
                                  first.empty() ? "another platform" : first, second))
        .hint("leave out platform-split=false");
  }

  void write_image(TreeWriter& writer, const image::Image& image, bool split, const std::stop_token& stop) {
    snapshot::MergedView view = open(image, stop);
    std::string top;
    if (split) {
      top = image.config.platform.full_str();
      std::replace(top.begin(), top.end(), '/', '_');
      Entry folder;
      folder.type = EntryType::kDirectory;
      folder.mode = 0755;
      writer.add(view, folder, top);
    }
    std::unordered_map<std::string, std::string> first_of_group;
    write_below(writer, view, "", top, first_of_group);
  }

  void write_below(TreeWriter& writer, const TreeView& view, const std::string& directory,
                   const std::string& top, std::unordered_map<std::string, std::string>& first_of_group) {
    for (Entry& entry : view.list(directory)) {
      if (output_.epoch && (entry.fresh || entry.mtime > *output_.epoch)) {
        entry.mtime = *output_.epoch;
        entry.mtime_nsec = 0;
      }
      std::string path = snapshot::join_path(top, entry.path);
      std::string group = entry.type == EntryType::kFile ? view.link_group(entry) : "";
      if (!group.empty()) {
        auto [first, is_new] = first_of_group.try_emplace(group, path);
        if (!is_new) {
          entry.type = EntryType::kHardlink;
          entry.link_target = first->second;
        }
      }
      if (!entry.is_directory() || directories_.insert(path).second) writer.add(view, entry, path);
      if (entry.is_directory()) write_below(writer, view, entry.path, top, first_of_group);
    }
  }

  TreeOutput output_;
  snapshot::LayerStore& layers_;
  base::ThreadPool& pool_;
  std::unordered_set<std::string> directories_;  // written so far
};

}  // namespace

std::unique_ptr<Exporter> make_tree_exporter(TreeOutput output, snapshot::LayerStore& layers,
                                             base::ThreadPool& pool) {
  return std::make_unique<TreeExporter>(std::move(output), layers, pool);
}

}  // namespace cooper::exporter
