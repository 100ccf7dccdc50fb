#include "sandbox/mount_point.h"

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"

namespace cooper::sandbox {

namespace {

constexpr int kMaximumSymlinks = 40;
constexpr int kOpenFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;

struct stat status_of(int fd, const std::string& target) {
  struct stat status {};
  base::check(::fstat(fd, &status), "examine", target);
  return status;
}

void restore_times(int directory, const struct stat& before) {
  const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
  // Cosmetic: a directory whose times cannot be set back only shows in the layer as touched.
  (void)::utimensat(directory, ".", times.data(), 0);
}

class Descent {
 public:
  struct Level {
    os::Fd fd;
    std::string name;
  };

  Descent(int root, dev_t device, const std::string& target, MountPointType type, bool keep,
          std::vector<std::string>& stubs)
      : root_(root), device_(device), target_(target), type_(type), keep_(keep), stubs_(stubs) {}

  // Invalid when the target is the root itself.
  os::Fd run() {
    push_front(target_);
    while (!rest_.empty()) {
      const std::string name = std::move(rest_.front());
      rest_.pop_front();
      if (name == "..") {
        if (!levels_.empty()) levels_.pop_back();
      } else {
        enter(name);
      }
    }
    const bool is_directory = S_ISDIR(status_of(current(), target_).st_mode);
    if (is_directory != (type_ == MountPointType::kDirectory)) {
      throw base::os_error(is_directory ? EISDIR : ENOTDIR, "use as a mount point", target_);
    }
    return levels_.empty() ? os::Fd() : std::move(levels_.back().fd);
  }

 private:
  int current() const { return levels_.empty() ? root_ : levels_.back().fd.get(); }

  void push_front(const std::string& path) {
    const auto pieces = base::split(path, '/');
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
      if (!piece->empty() && *piece != ".") rest_.push_front(*piece);
    }
  }

  void enter(const std::string& name) {
    os::Fd next(::openat(current(), name.c_str(), kOpenFlags));
    if (!next.valid()) {
      if (errno != ENOENT) base::throw_errno("open the mount point", target_);
      make(name);
      next =
          os::Fd(base::check(::openat(current(), name.c_str(), kOpenFlags), "open the mount point", target_));
    }
    const auto mode = status_of(next.get(), target_).st_mode;
    if (S_ISLNK(mode)) return expand(next);
    if (!S_ISDIR(mode) && !rest_.empty()) throw base::os_error(ENOTDIR, "open the mount point", target_);
    levels_.push_back({std::move(next), name});
  }

  void expand(const os::Fd& link) {
    if (++expanded_ > kMaximumSymlinks) throw base::os_error(ELOOP, "open the mount point", target_);
    std::array<char, PATH_MAX> text{};
    const ssize_t length =
        base::check(::readlinkat(link.get(), "", text.data(), text.size()), "read the link", target_);
    if (text[0] == '/') levels_.clear();
    push_front(std::string(text.data(), static_cast<std::size_t>(length)));
  }

  bool create(const std::string& name, bool directory) const {
    if (directory) return ::mkdirat(current(), name.c_str(), 0755) == 0;
    constexpr int kFlags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    return os::Fd(::openat(current(), name.c_str(), kFlags, 0644)).valid();
  }

  void make(const std::string& name) {
    const auto before = status_of(current(), target_);
    const bool directory = !rest_.empty() || type_ == MountPointType::kDirectory;
    if (!create(name, directory)) {
      // In a cache that steps share, another may have made it since we looked; then it is not ours to remove.
      if (errno == EEXIST) return;
      base::throw_errno("create the mount point", target_);
    }
    // Inside another mount (a cache) it belongs to that, and stays.
    if (keep_ || before.st_dev != device_) return;
    restore_times(current(), before);
    std::string path;
    for (const auto& level : levels_) path += level.name + "/";
    stubs_.push_back(path + name + (directory ? "/" : ""));
  }

  int root_;
  dev_t device_;
  const std::string& target_;
  MountPointType type_;
  bool keep_;
  std::vector<std::string>& stubs_;
  std::vector<Level> levels_;
  std::deque<std::string> rest_;
  int expanded_ = 0;
};

void remove_stub(const os::Root& upper, std::string path) {
  const bool directory = path.back() == '/';
  if (directory) path.pop_back();
  const auto slash = path.rfind('/');
  const std::string parent_path = slash == std::string::npos ? "." : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const os::Fd parent = upper.open_exact(parent_path, O_PATH | O_DIRECTORY);
  const auto before = status_of(parent.get(), path);
  struct stat status {};
  if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return;
  const bool unchanged = directory ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode) && status.st_size == 0;
  // rmdir itself refuses a directory that is not empty.
  if (!unchanged || ::unlinkat(parent.get(), name.c_str(), directory ? AT_REMOVEDIR : 0) < 0) return;
  restore_times(parent.get(), before);
}

}  // namespace

MountPoints::MountPoints(int root) : root_(root), root_device_(status_of(root, "the new root").st_dev) {}

os::Fd MountPoints::prepare(const std::string& target, MountPointType type, bool keep) {
  os::Fd point = Descent(root_, root_device_, target, type, keep, stubs_).run();
  if (!point.valid()) throw base::os_error(EBUSY, "mount over the root at", target);
  return point;
}

void MountPoints::make_directory(const std::string& path) {
  Descent(root_, root_device_, path, MountPointType::kDirectory, true, stubs_).run();
}

void remove_stubs(const std::string& upper, const std::vector<std::string>& stubs) {
  if (stubs.empty()) return;
  const os::Root root(upper);
  for (auto stub = stubs.rbegin(); stub != stubs.rend(); ++stub) {
    try {
      remove_stub(root, *stub);
    } catch (const base::Error&) {
      // The step removed or replaced a parent: then the stub is gone with it.
    }
  }
}

}  // namespace cooper::sandbox
