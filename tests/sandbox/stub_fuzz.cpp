// A guest: does random things to files, and prints what came of each. The same seed does the same things, so
// what it prints natively, as root in a chroot, and through the stub can be compared line by line.
//
// usage: stub_fuzz SEED COUNT [root]     root: never becomes another user
//
// Static, so that it runs in an empty root. It works in "/" and leaves it as it became.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <random>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

namespace {

class Fuzz {
 public:
  Fuzz(unsigned seed, bool only_root) : random_(seed), only_root_(only_root) {}

  void step() {
    static constexpr void (Fuzz::*kSteps[])() = {
        &Fuzz::make_directory, &Fuzz::make_file, &Fuzz::make_link,      &Fuzz::look,      &Fuzz::look,
        &Fuzz::remove,         &Fuzz::rename_it, &Fuzz::hard_link,      &Fuzz::set_mode,  &Fuzz::set_owner,
        &Fuzz::ask_access,     &Fuzz::open_it,   &Fuzz::change_dir,     &Fuzz::list,      &Fuzz::make_node,
        &Fuzz::become,         &Fuzz::cut,       &Fuzz::read_link,      &Fuzz::set_times, &Fuzz::attributes,
        &Fuzz::set_umask,      &Fuzz::make_link, &Fuzz::make_directory, &Fuzz::open_it,
    };
    (this->*kSteps[below(std::size(kSteps))])();
  }

 private:
  unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }
  bool chance(unsigned one_in) { return below(one_in) == 0; }

  std::string path() {
    std::string text = chance(2) ? "/" : "";
    const unsigned count = 1 + below(4);
    for (unsigned i = 0; i < count; ++i) {
      if (i > 0) text += chance(12) ? "//" : "/";
      static constexpr const char* kNames[] = {"a", "b", "c", "d", "a", "b", "c", ".", ".."};
      text += kNames[below(std::size(kNames))];
    }
    if (chance(10)) text += "/";
    if (chance(150)) return "";
    if (chance(100)) return "/";
    return text;
  }

  unsigned mode() {
    static constexpr unsigned kModes[] = {0755,  0644, 0700, 0600, 01777, 02775,
                                          04755, 0000, 0711, 0666, 0070,  02750};
    return kModes[below(std::size(kModes))];
  }

  void say(const char* what, const std::string& subject, long result, const std::string& more = "") {
    const int error = result < 0 ? errno : 0;
    std::printf("%s '%s' %s%s\n", what, subject.c_str(), error == 0 ? "ok" : strerrorname_np(error),
                more.c_str());
  }

  static std::string show(const struct stat& file) {
    char text[200];
    std::snprintf(text, sizeof text, " %o %u:%u links %lu rdev %x size %ld", file.st_mode, file.st_uid,
                  file.st_gid, S_ISDIR(file.st_mode) ? 0UL : static_cast<unsigned long>(file.st_nlink),
                  static_cast<unsigned>(file.st_rdev),
                  S_ISREG(file.st_mode) || S_ISLNK(file.st_mode) ? static_cast<long>(file.st_size) : 0L);
    return text;
  }

  void make_directory() {
    const std::string where = path();
    const unsigned how = mode();
    say("mkdir", where, mkdir(where.c_str(), how));
  }
  void make_file() {
    const std::string where = path();
    static constexpr int kFlags[] = {0,          O_EXCL, O_TRUNC, O_NOFOLLOW, O_APPEND, O_EXCL | O_NOFOLLOW,
                                     O_DIRECTORY};
    const int flags = kFlags[below(std::size(kFlags))];
    // Not set-id: what takes that away is the first write, which the stub does not see.
    const unsigned how = mode() & 01777;
    const int fd = open(where.c_str(), O_CREAT | O_WRONLY | O_NONBLOCK | flags, how);
    struct stat file {};
    std::string more = " flags " + std::to_string(flags);
    if (fd >= 0) {
      if (write(fd, "text", 4) != 4) more += " (not written)";
      fstat(fd, &file);
      more += show(file);
    }
    say("creat", where, fd, more);
    if (fd >= 0) close(fd);
  }
  void make_link() {
    const std::string where = path();
    const std::string target = path();
    say("symlink", target + "' '" + where, symlink(target.c_str(), where.c_str()));
  }
  void look() {
    const std::string where = path();
    struct stat file {};
    const bool follow = chance(2);
    const int result = follow ? stat(where.c_str(), &file) : lstat(where.c_str(), &file);
    say(follow ? "stat" : "lstat", where, result, result == 0 ? show(file) : "");
  }
  void remove() {
    const std::string where = path();
    if (chance(2)) {
      say("unlink", where, unlink(where.c_str()));
    } else {
      say("rmdir", where, rmdir(where.c_str()));
    }
  }
  void rename_it() {
    const std::string from = path();
    const std::string to = path();
    const unsigned flags = chance(4) ? 1 + below(2) : 0;
    say("rename", from + "' '" + to,
        syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags),
        " flags " + std::to_string(flags));
  }
  void hard_link() {
    const std::string from = path();
    const std::string to = path();
    const int flags = chance(3) ? AT_SYMLINK_FOLLOW : 0;
    say("link", from + "' '" + to, linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags),
        " flags " + std::to_string(flags));
  }
  void set_mode() {
    const std::string where = path();
    const unsigned how = mode();
    say("chmod", where, chmod(where.c_str(), how), " " + std::to_string(how));
  }
  void set_owner() {
    const std::string where = path();
    static constexpr unsigned kIds[] = {0, 1000, 1000, 33, ~0U};
    const unsigned uid = kIds[below(std::size(kIds))];
    const unsigned gid = kIds[below(std::size(kIds))];
    if (chance(2)) {
      say("chown", where, chown(where.c_str(), uid, gid));
    } else {
      say("lchown", where, lchown(where.c_str(), uid, gid));
    }
  }
  void ask_access() {
    const std::string where = path();
    const int how = static_cast<int>(below(8));
    say("access", where,
        chance(2) ? access(where.c_str(), how) : faccessat(AT_FDCWD, where.c_str(), how, AT_EACCESS),
        " " + std::to_string(how));
  }
  void open_it() {
    const std::string where = path();
    static constexpr int kFlags[] = {O_RDONLY,
                                     O_WRONLY,
                                     O_RDWR,
                                     O_RDONLY | O_DIRECTORY,
                                     O_RDONLY | O_NOFOLLOW,
                                     O_WRONLY | O_TRUNC,
                                     O_PATH,
                                     O_PATH | O_NOFOLLOW,
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW};
    const int flags = kFlags[below(std::size(kFlags))];
    const int fd = open(where.c_str(), flags | O_NONBLOCK);
    struct stat file {};
    std::string more = " flags " + std::to_string(flags);
    if (fd >= 0 && fstat(fd, &file) == 0) more += show(file);
    say("open", where, fd, more);
    if (fd >= 0) close(fd);
  }
  void change_dir() {
    const std::string where = chance(4) ? "/" : path();
    say("chdir", where, chdir(where.c_str()));
    char text[4096];
    const char* cwd = getcwd(text, sizeof text);
    std::printf("getcwd %s\n", cwd != nullptr ? cwd : strerrorname_np(errno));
  }
  void list() {
    const std::string where = path();
    DIR* directory = opendir(where.c_str());
    std::vector<std::string> names;
    if (directory != nullptr) {
      while (const dirent* item = readdir(directory))
        names.push_back(item->d_name + (":" + std::to_string(item->d_type)));
    }
    std::sort(names.begin(), names.end());
    std::string all;
    for (const std::string& name : names) all += " " + name;
    say("list", where, directory != nullptr ? 0 : -1, all);
    if (directory != nullptr) closedir(directory);
  }
  void make_node() {
    const std::string where = path();
    static constexpr unsigned kTypes[] = {S_IFIFO, S_IFCHR, S_IFBLK, S_IFREG, S_IFSOCK};
    const unsigned type = kTypes[below(std::size(kTypes))];
    say("mknod", where, mknod(where.c_str(), type | mode(), makedev(240, 7)), " " + std::to_string(type));
  }
  void become() {
    if (only_root_) return;
    if (geteuid() != 0) {
      say("become", "root", setresuid(0, 0, 0));
      say("become", "group root", setresgid(0, 0, 0));
    } else {
      say("become", "group 1000", setresgid(1000, 1000, 0));
      say("become", "1000", setresuid(1000, 1000, 0));
    }
    uid_t ids[3];
    getresuid(&ids[0], &ids[1], &ids[2]);
    std::printf("ids %u %u %u, groups %u %u\n", ids[0], ids[1], ids[2], getgid(), getegid());
  }
  void cut() {
    const std::string where = path();
    say("truncate", where, truncate(where.c_str(), below(10)));
  }
  void read_link() {
    const std::string where = path();
    char text[4096];
    const ssize_t size = readlink(where.c_str(), text, sizeof text);
    say("readlink", where, size, size < 0 ? "" : " " + std::string(text, static_cast<std::size_t>(size)));
  }
  void set_times() {
    const std::string where = path();
    const timespec times[] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = below(100000), .tv_nsec = 7}};
    const bool now = chance(2);
    const int flags = chance(2) ? AT_SYMLINK_NOFOLLOW : 0;
    const int result = utimensat(AT_FDCWD, where.c_str(), now ? nullptr : times, flags);
    struct stat file {};
    std::string more;
    if (result == 0 && !now && fstatat(AT_FDCWD, where.c_str(), &file, flags) == 0) {
      more = " " + std::to_string(file.st_mtim.tv_sec);
    }
    say("utimensat", where, result, more);
  }
  // An access control list as its attribute has it (linux/posix_acl_xattr.h); sometimes without the mask it
  // needs.
  std::string access_list() {
    struct Entry {
      std::uint16_t tag, permissions;
      std::uint32_t id;
    };
    constexpr std::uint32_t kNobody = ~0U;
    const auto permissions = [&] { return static_cast<std::uint16_t>(below(8)); };
    const bool user = chance(2);
    const bool group = chance(2);
    std::vector<Entry> entries = {{1, permissions(), kNobody}};
    if (user) entries.push_back({2, permissions(), 1000});
    entries.push_back({4, permissions(), kNobody});
    if (group) entries.push_back({8, permissions(), 1000});
    if (chance(8) != (user || group)) entries.push_back({16, permissions(), kNobody});
    entries.push_back({32, permissions(), kNobody});
    std::string value("\2\0\0\0", 4);
    value.append(reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(Entry));
    return value;
  }
  void access_lists() {
    const std::string where = path();
    const char* name = chance(2) ? "system.posix_acl_access" : "system.posix_acl_default";
    if (chance(2)) {
      const std::string value = access_list();
      return say("setxattr", where, setxattr(where.c_str(), name, value.data(), value.size(), 0), name);
    }
    if (chance(5)) return say("removexattr", where, removexattr(where.c_str(), name), name);
    char text[256] = {};
    const ssize_t size = getxattr(where.c_str(), name, text, sizeof text);
    std::string more = name;
    for (ssize_t i = 4; i + 8 <= size; i += 8)
      more += " " + std::to_string(text[i]) + ":" + std::to_string(text[i + 2]);
    say("getxattr", where, size, more);
  }
  void attributes() {
    if (chance(2)) return access_lists();
    const std::string where = path();
    static constexpr const char* kNames[] = {"user.x", "trusted.y"};
    const char* name = kNames[below(2)];
    switch (below(4)) {
      case 0:
        say("setxattr", where, lsetxattr(where.c_str(), name, "value", 5, 0), name);
        break;
      case 1:
        say("removexattr", where, lremovexattr(where.c_str(), name), name);
        break;
      case 2:
        say("getxattr", where, getxattr(where.c_str(), name, nullptr, 0), name);
        break;
      default: {
        char text[256];
        const ssize_t size = llistxattr(where.c_str(), text, sizeof text);
        say("listxattr", where, size, " " + std::to_string(size));
      }
    }
  }
  void set_umask() {
    static constexpr unsigned kMasks[] = {022, 077, 0, 027, 022};
    std::printf("umask %o\n", umask(kMasks[below(std::size(kMasks))]));
  }

  std::mt19937 random_;
  bool only_root_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  umask(022);
  Fuzz fuzz(static_cast<unsigned>(std::atoi(argv[1])), argc > 3);
  for (int i = std::atoi(argv[2]); i > 0; --i) {
    fuzz.step();
    std::fflush(stdout);
  }
  std::puts("done");
  return 0;
}
