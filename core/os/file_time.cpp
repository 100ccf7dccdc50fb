#include "os/file_time.h"

#include <array>
#include <ctime>
#include <fcntl.h>

namespace cooper::os {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return nanoseconds(time);
}

}  // namespace

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

std::int64_t now() {
  return read_clock(CLOCK_REALTIME);
}

std::int64_t file_system_now() {
  return read_clock(CLOCK_REALTIME_COARSE);
}

std::optional<std::int64_t> modified_time(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return nanoseconds(status.st_mtim);
}

bool set_modified_time(const std::string& path, std::int64_t time) {
  const std::array<timespec, 2> times = {timespec{0, UTIME_OMIT}, timespec{time / kSecond, time % kSecond}};
  return ::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace cooper::os
