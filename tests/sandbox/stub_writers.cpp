// A guest: processes that do nothing but change what the table knows of files, and are killed while they do.
// Until there is a file /enough; then it looks whether the table still keeps what it is told.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int kWriters = 4;
constexpr const char* kAttribute = "security.capability";

// All bytes are the same, so that half of one and half of another can be told.
std::vector<char> value_of(unsigned number) {
  return std::vector<char>(100 + number % 80, static_cast<char>('a' + number % 26));
}

[[noreturn]] void write_for_ever(int writer) {
  const std::string file = "/kept" + std::to_string(writer);
  const std::string fleeting = "/fleeting" + std::to_string(writer);
  for (unsigned number = 0;; ++number) {
    const std::vector<char> value = value_of(number);
    setxattr(file.c_str(), kAttribute, value.data(), value.size(), 0);
    close(open(fleeting.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    setxattr(fleeting.c_str(), kAttribute, value.data(), value.size(), 0);
    setxattr(fleeting.c_str(), "security.other", value.data(), value.size(), 0);
    if (chown(fleeting.c_str(), number % 1000, 5) != 0) std::perror("chown");
    if (number % 3 == 0) removexattr(fleeting.c_str(), kAttribute);
    unlink(fleeting.c_str());
  }
}

pid_t start_writer(int writer) {
  const pid_t child = fork();
  if (child == 0) write_for_ever(writer);
  return child;
}

void keep_writing() {
  std::array<pid_t, kWriters> writers{};
  for (int i = 0; i < kWriters; ++i) writers.at(i) = start_writer(i);
  while (access("/enough", F_OK) != 0) {
    const pid_t dead = waitpid(-1, nullptr, WNOHANG);
    if (dead <= 0) {
      usleep(500);
      continue;
    }
    auto* const found = std::find(writers.begin(), writers.end(), dead);
    if (found != writers.end()) *found = start_writer(static_cast<int>(found - writers.begin()));
  }
  for (const pid_t writer : writers) kill(writer, SIGKILL);
  while (wait(nullptr) > 0) {
  }
}

bool is_whole(const std::string& file) {
  std::array<char, 200> value{};
  const ssize_t size = getxattr(file.c_str(), kAttribute, value.data(), value.size());
  return size > 0 && std::all_of(value.begin(), value.begin() + size, [&](char c) { return c == value[0]; });
}

// Owners and attributes of many files, so that all that was given back is used again.
int count_wrong() {
  constexpr unsigned kFiles = 500;
  const auto name = [](unsigned number) { return "/new" + std::to_string(number); };
  for (unsigned i = 0; i < kFiles; ++i) {
    close(open(name(i).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const std::vector<char> value = value_of(i);
    if (chown(name(i).c_str(), i + 1, i + 2) != 0) std::perror("chown");
    setxattr(name(i).c_str(), kAttribute, value.data(), value.size(), 0);
  }
  int wrong = 0;
  for (unsigned i = 0; i < kFiles; ++i) {
    struct stat file {};
    stat(name(i).c_str(), &file);
    std::array<char, 200> read{};
    const ssize_t size = getxattr(name(i).c_str(), kAttribute, read.data(), read.size());
    const std::vector<char> value = value_of(i);
    const bool same = size == static_cast<ssize_t>(value.size()) &&
                      std::memcmp(read.data(), value.data(), value.size()) == 0;
    if (!same || file.st_uid != i + 1 || file.st_gid != i + 2) ++wrong;
  }
  return wrong;
}

// One process makes directories and another one of the same user uses each as soon as it is there. Gives how
// often that was refused.
int count_refusals() {
  constexpr int kDirectories = 2000;
  const auto name = [](int number) { return "/made/" + std::to_string(number); };
  const pid_t maker = fork();
  if (maker == 0) {
    for (int i = 0; i < kDirectories; ++i) {
      if (mkdir(name(i).c_str(), 0755) != 0) _exit(1);
    }
    _exit(0);
  }
  int refused = 0;
  for (int i = 0; i < kDirectories; ++i) {
    int fd = -1;
    do {
      fd = open((name(i) + "/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    } while (fd < 0 && errno == ENOENT);
    if (fd < 0) ++refused;
    close(fd);
  }
  int status = 1;
  waitpid(maker, &status, 0);
  if (status != 0) std::puts("the maker failed");
  return refused;
}

// Several processes make, name anew and remove files of one user, so that inodes are soon used again: each
// file is his as long as it is there. Gives how often it was not.
int count_losses() {
  constexpr int kFiles = 3000;
  std::array<pid_t, kWriters> makers{};
  for (int maker = 0; maker < kWriters; ++maker) {
    makers.at(maker) = fork();
    if (makers.at(maker) != 0) continue;
    const std::string name = "/made/of" + std::to_string(maker);
    int lost = 0;
    for (int i = 0; i < kFiles; ++i) {
      close(open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      struct stat file {};
      if (link(name.c_str(), (name + "b").c_str()) != 0 || stat(name.c_str(), &file) != 0 || file.st_uid != 5)
        ++lost;
      unlink(name.c_str());
      unlink((name + "b").c_str());
    }
    _exit(std::min(lost, 100));
  }
  int lost = 0;
  for (const pid_t maker : makers) {
    int status = 0;
    waitpid(maker, &status, 0);
    lost += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  }
  return lost;
}

}  // namespace

// With the argument "race": see count_refusals() and count_losses().
int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "race") == 0) {
    std::printf("refused %d, lost %d\n", count_refusals(), count_losses());
    return 0;
  }
  for (int i = 0; i < kWriters; ++i) {
    const std::string file = "/kept" + std::to_string(i);
    close(open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    setxattr(file.c_str(), kAttribute, value_of(0).data(), value_of(0).size(), 0);
  }
  keep_writing();
  int torn = 0;
  for (int i = 0; i < kWriters; ++i) torn += is_whole("/kept" + std::to_string(i)) ? 0 : 1;
  std::printf("torn %d, wrong %d\n", torn, count_wrong());
  return 0;
}
