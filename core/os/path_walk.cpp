#include "os/path_walk.h"

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/text.h"

namespace cooper::os {

namespace {

// As the kernel: path_resolution(7), "maximum of 40 symbolic links".
constexpr int kMaximumSymlinks = 40;

class Walk {
 public:
  Walk(int root, Symlinks symlinks) : root_(root), symlinks_(symlinks) {}

  int open(const std::string& path, int flags, mode_t mode) {
    if (path.empty()) return fail(ENOENT);
    push_front(path);
    return open_last(flags, mode);
  }

 private:
  static int fail(int number) {
    errno = number;
    return -1;
  }

  int current() const { return parents_.empty() ? root_ : parents_.back().get(); }

  void push_front(const std::string& path) {
    const auto pieces = base::split(path, '/');
    // "link/" and "link/." name what the link leads to: a last "." makes the link a component on the way.
    if (pieces.back().empty() || pieces.back() == ".") rest_.emplace_front(".");
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
      if (!piece->empty() && *piece != ".") rest_.push_front(*piece);
    }
  }

  // Takes the first of the remaining components, which must be a directory or a link to one.
  bool step() {
    const std::string name = rest_.front();
    rest_.pop_front();
    if (name == ".") return true;
    if (name == "..") {
      if (!parents_.empty()) parents_.pop_back();
      return true;
    }
    const int fd = ::openat(current(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return false;
    Fd entry(fd);
    struct stat status {};
    if (::fstat(fd, &status) < 0) return false;
    if (S_ISLNK(status.st_mode)) return expand(entry);
    if (!S_ISDIR(status.st_mode)) return fail(ENOTDIR) == 0;
    parents_.push_back(std::move(entry));
    return true;
  }

  bool expand(const Fd& link) {
    if (symlinks_ == Symlinks::kRefuse || ++expanded_ > kMaximumSymlinks) return fail(ELOOP) == 0;
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
    if (length < 0) return false;
    if (length == 0) return fail(ENOENT) == 0;
    if (target[0] == '/') parents_.clear();
    push_front(std::string(target.data(), static_cast<std::size_t>(length)));
    return true;
  }

  int open_last(int flags, mode_t mode) {
    // Each round either opens or expands one symlink, which may add components again.
    while (true) {
      while (rest_.size() > 1) {
        if (!step()) return -1;
      }
      if (rest_.empty()) return reopen(flags, mode);
      const std::string name = rest_.front();
      if (name == "." || name == "..") {
        if (!step()) return -1;
        continue;
      }
      if (symlinks_ == Symlinks::kFollow && (flags & O_NOFOLLOW) == 0 && is_symlink(name)) {
        const Fd link(::openat(current(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!link.valid()) return -1;
        rest_.pop_front();
        if (!expand(link)) return -1;
        continue;
      }
      return ::openat(current(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
    }
  }

  bool is_symlink(const std::string& name) const {
    struct stat status {};
    return ::fstatat(current(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
  }

  // The path ended at a directory that is open already ("/", "a/..").
  int reopen(int flags, mode_t mode) const {
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return fail(EEXIST);
    if ((flags & O_CREAT) != 0) return fail(EISDIR);
    return ::openat(current(), ".", flags | O_CLOEXEC, mode);
  }

  int root_;
  Symlinks symlinks_;
  std::vector<Fd> parents_;
  std::deque<std::string> rest_;
  int expanded_ = 0;
};

}  // namespace

int open_by_walk(int root, const std::string& path, int flags, mode_t mode, Symlinks symlinks) {
  return Walk(root, symlinks).open(path, flags, mode);
}

}  // namespace cooper::os
