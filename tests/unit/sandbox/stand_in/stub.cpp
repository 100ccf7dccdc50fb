// Stands in for the stub (core/sandbox/stub/abi.h) where the init's side of the contract is tested: it shows
// what it was given, or enters the root with chroot(2), which only root can, and executes the program.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/stub/abi.h"

namespace stub = cooper::sandbox::stub;

namespace {

const char* kind_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "directory";
  if (S_ISREG(status.st_mode)) return "file";
  if (S_ISCHR(status.st_mode)) return "device";
  return S_ISLNK(status.st_mode) ? "link" : "other";
}

void show_bind(const stub::Bind& bind) {
  struct stat status {};
  const int result = ::fstat(bind.fd, &status);
  std::printf("bind %s %s%s%s %s\n", bind.target, (bind.flags & stub::Bind::kReadOnly) != 0 ? "r" : "w",
              (bind.flags & stub::Bind::kDirectory) != 0 ? "d" : "f",
              (bind.flags & stub::Bind::kMagicLinks) != 0 ? "m" : "-",
              result < 0 ? "missing" : kind_of(status));
}

int show(int count, char** arguments, char** environment) {
  void* address = ::mmap(nullptr, sizeof(stub::Board), PROT_READ | PROT_WRITE, MAP_SHARED, stub::kBoardFd, 0);
  if (address == MAP_FAILED) return 1;
  const auto* board = static_cast<const stub::Board*>(address);
  for (int index = 0; index < count; ++index) std::printf("argument %s\n", arguments[index]);
  for (char** variable = environment; *variable != nullptr; ++variable)
    std::printf("variable %s\n", *variable);
  std::printf("user %u %u of %u %u\n", board->uid, board->gid, board->host_uid, board->host_gid);
  for (unsigned index = 0; index < board->group_count; ++index)
    std::printf("group %u\n", board->groups[index]);
  std::printf("network %s\n", board->no_network != 0 ? "none" : "host");
  std::printf("root %s\n", board->root_path);
  std::printf("changes %s\n", ::fcntl(stub::kChangesFd, F_GETFD) < 0 ? "no" : "yes");
  for (unsigned index = 0; index < board->bind_count; ++index) show_bind(board->binds[index]);
  for (int fd = 3; fd < 4096; ++fd) {
    const bool reserved = fd >= stub::kRootFd && fd <= stub::kLastFd;
    if (!reserved && ::fcntl(fd, F_GETFD) >= 0) std::printf("stray descriptor %d\n", fd);
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  std::printf("files %lu %lu\n", static_cast<unsigned long>(files.rlim_cur),
              static_cast<unsigned long>(files.rlim_max));
  std::fflush(stdout);
  return 0;
}

int become(const char* program, char** arguments, char** environment) {
  const int directory = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (::fchdir(stub::kRootFd) < 0 || ::chroot(".") < 0 || ::fchdir(directory) < 0) return 125;
  ::execve(program, arguments, environment);
  std::fprintf(stderr, "cannot run '%s': %s\n", program, std::strerror(errno));
  return errno == ENOENT ? 127 : 126;
}

}  // namespace

int main(int count, char** arguments, char** environment) {
  if (count < 4 || std::strcmp(arguments[0], "cooper-stub") != 0 || std::strcmp(arguments[1], "start") != 0)
    return 124;
  if (std::strcmp(arguments[2], "/show") == 0) return show(count - 2, arguments + 2, environment);
  return become(arguments[2], arguments + 3, environment);
}
