#include "sandbox/stub/walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox/stub/binds.h"
#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/scratch.h"

namespace cooper::sandbox::stub {
namespace {

constexpr int kMaxLinks = 40;

long stat_place(const Place& place, struct stat& file) {
  return sys(SYS_newfstatat, place.directory, place.name, &file, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
}

// "/proc/NUMBER/NAME" → NUMBER; 0: it is nothing like that.
std::uint64_t process_of(const char* path) {
  if (!starts_with(path, "/proc/")) return 0;
  const char* at = path + 6;
  const std::uint64_t process = read_number(at);
  return *at == '/' ? process : 0;
}

class Walker {
 public:
  Walker(char* path, Walked& walked) : path_(path), length_(strlen(path)), walked_(walked) {
    place_.name = name_;
  }

  long run(const char* text) {
    if (!set_rest(text, "")) return -ENAMETOOLONG;
    if (text[0] == '/') to_root();
    for (;;) {
      while (*at_ == '/') ++at_;
      if (*at_ == '\0') return 0;
      const long result = step();
      if (result != 0) return result == kDone ? 0 : result;
    }
  }

 private:
  static constexpr long kDone = 1;

  // One component.
  long step() {
    if (const long error = may_search(); error != 0) return error;
    const char* end = at_;
    while (*end != '\0' && *end != '/') ++end;
    const char* behind = end;
    while (*behind == '/') ++behind;
    const bool last = *behind == '\0';
    walked_.directory = last && behind != end;
    const auto size = static_cast<std::size_t>(end - at_);
    if (size > 255) return -ENAMETOOLONG;
    const bool dot = size == 1 && at_[0] == '.';
    const bool climb = size == 2 && at_[0] == '.' && at_[1] == '.';
    const char* name = at_;
    at_ = end;
    if (climb) pop();
    if (climb || dot) return 0;
    if (length_ + size + 2 > kPathSize) return -ENAMETOOLONG;
    const std::size_t parent = length_;
    path_[length_++] = '/';
    memcpy(path_ + length_, name, size);
    length_ += size;
    path_[length_] = '\0';
    return look(parent, last);
  }

  // What the component that was just added is.
  long look(std::size_t parent, bool last) {
    place_of(path_, place_);
    const long error = stat_place(place_, file_);
    if (error == -ENOENT && last) {
      walked_.missing = true;
      return kDone;
    }
    if (error != 0) return error;
    if (S_ISLNK(file_.st_mode) && (!last || walked_.follow_last || walked_.directory)) return follow(parent);
    known_ = S_ISDIR(file_.st_mode);
    if (!S_ISDIR(file_.st_mode) && (!last || walked_.directory)) return -ENOTDIR;
    return last ? kDone : 0;
  }

  long follow(std::size_t parent) {
    known_ = false;
    if (++links_ > kMaxLinks) return -ELOOP;
    const long size = sys(SYS_readlinkat, place_.directory, place_.name, link_.get(), kPathSize - 1);
    if (size < 0) return size;
    link_[size] = '\0';
    if (place_.bind != nullptr && (place_.bind->flags & Bind::kMagicLinks) != 0) {
      const long answer = follow_magic();
      if (answer != 0) return answer == kDone ? 0 : answer;
    }
    if (!set_rest(link_, at_)) return -ENAMETOOLONG;
    cut(parent);
    if (*at_ == '/') to_root();
    return 0;
  }

  // A link of /proc: the kernel tells where it leads, in its own view. 0: it is like any other link; kDone:
  // it was followed.
  long follow_magic() {
    const char* name = last_component(path_);
    const bool path = link_[0] == '/';
    if (!path && find_char(link_, '[') == nullptr && !starts_with(link_, "anon_inode:")) return 0;
    bool known = false;
    if (equal(name, "root")) {
      Writer(link_, kPathSize).add(identity().root);
      known = true;
    } else if (equal(name, "exe") && process_of(path_) != 0) {
      known = program_of(process_of(path_), link_) == 0;
    } else if (path) {
      known = to_tree(link_);
    }
    if (known) {
      Place place{.directory = 0, .bind = nullptr, .name = name_};
      place_of(link_, place);
      known = stat_place(place, file_) == 0 && !S_ISLNK(file_.st_mode);
    }
    if (!known) return leave_to_kernel();
    length_ = strlen(link_);
    memcpy(path_, link_, length_ + 1);
    const char* behind = at_;
    while (*behind == '/') ++behind;
    if (!S_ISDIR(file_.st_mode) && (behind != at_)) return -ENOTDIR;
    return kDone;
  }

  long leave_to_kernel() {
    walked_.magic = true;
    Writer path(path_ + length_, kPathSize - length_);
    path.add(at_);
    at_ = "";
    return path.overflow() ? -ENAMETOOLONG : kDone;
  }

  long may_search() {
    if (!is_restricted()) return 0;
    if (!known_) {
      place_of(path_, place_);
      if (const long error = stat_place(place_, file_); error != 0) return error;
    }
    known_ = false;
    return check_access(file_, kMayExecute);
  }

  void pop() {
    const Identity& who = identity();
    if (length_ == who.root_length && memcmp(path_, who.root, length_) == 0) return;
    while (length_ > 0 && path_[--length_] != '/') continue;
    path_[length_] = '\0';
    known_ = false;
  }

  void cut(std::size_t length) {
    length_ = length;
    path_[length_] = '\0';
  }

  void to_root() {
    Writer root(path_, kPathSize);
    root.add(identity().root);
    length_ = root.length();
    known_ = false;
  }

  // The remaining text becomes `text`, then `tail`, which may be what remained before.
  bool set_rest(const char* text, const char* tail) {
    const std::size_t head = strlen(text);
    const std::size_t size = strlen(tail);
    if (head + size >= kPathSize) return false;
    memmove(rest_ + head, tail, size + 1);
    memcpy(rest_, text, head);
    at_ = rest_;
    return true;
  }

  char* path_;
  std::size_t length_;
  Walked& walked_;
  PathBuffer rest_;
  PathBuffer link_;
  PathBuffer name_;
  Place place_{};
  struct stat file_ {};
  bool known_ = false;  // file_ is of path_, a directory
  const char* at_ = "";
  int links_ = 0;
};

}  // namespace

long walk(char* path, const char* text, Walked& walked) {
  return Walker(path, walked).run(text);
}

long program_of(std::uint64_t process, char* path) {
  if (process == static_cast<std::uint64_t>(sys(SYS_getpid))) {
    Writer(path, kPathSize).add(program_path());
    return 0;
  }
  // Each program's file is also mapped at a place of its own (loader.cpp), which the kernel lists first.
  PathBuffer name;
  Writer(name, kPathSize).add("/proc/").number(process).add("/maps");
  const Descriptor maps(sys(SYS_openat, AT_FDCWD, name.get(), O_RDONLY | O_CLOEXEC));
  if (maps.get() < 0) return maps.get();
  char marker[32];
  Writer(marker, sizeof marker).number(kMarkerAddress, 16).add("-");
  PathBuffer text;
  long kept = 0;
  for (;;) {
    const long size = sys(SYS_read, maps.get(), text + kept, kPathSize - 1 - kept);
    if (size <= 0) return -ENOENT;
    text[kept + size] = '\0';
    const char* line = text;
    const char* end = nullptr;
    for (; (end = find_char(line, '\n')) != nullptr; line = end + 1) {
      if (!starts_with(line, marker)) continue;
      const char* start = find_char(line, '/');
      if (start == nullptr || start > end) return -ENOENT;
      Writer(path, kPathSize).add(start, static_cast<std::size_t>(end - start));
      return to_tree(path) ? 0 : -ENOENT;
    }
    kept = static_cast<long>(strlen(line));
    memmove(text, line, static_cast<std::size_t>(kept) + 1);
  }
}

}  // namespace cooper::sandbox::stub
