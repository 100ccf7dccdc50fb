#include "os/disk_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <set>
#include <utility>

#include "os/fd.h"

namespace cooper::os {
namespace {

constexpr std::uint64_t kStatBlock = 512;  // st_blocks counts these, whatever the file system's own size

class TreeMeter {
 public:
  void add(int parent, const std::string& name) {
    struct stat status {};
    if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    const bool directory = S_ISDIR(status.st_mode);
    if (!directory && status.st_nlink > 1 && !seen_.emplace(status.st_dev, status.st_ino).second) return;
    total_ += disk_usage(status);
    if (directory) add_children(parent, name);
  }
  std::uint64_t total() const { return total_; }

 private:
  void add_children(int parent, const std::string& name) {
    Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return;
    std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd.get()), &::closedir);
    if (directory == nullptr) return;
    const int number = fd.release();
    while (const dirent* item = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): ours alone
      const std::string child = item->d_name;
      if (child != "." && child != "..") add(number, child);
    }
  }

  std::set<std::pair<dev_t, ino_t>> seen_;
  std::uint64_t total_ = 0;
};

}  // namespace

std::uint64_t disk_usage(const struct stat& status) {
  return static_cast<std::uint64_t>(status.st_blocks) * kStatBlock + kInodeUsage;
}

std::uint64_t tree_usage(const std::string& path) {
  TreeMeter meter;
  meter.add(AT_FDCWD, path);
  return meter.total();
}

}  // namespace cooper::os
