#include "os/fd.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::os {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::reset() {
  // Never retried on EINTR: Linux has freed the number by then, and another thread may own it already.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Fd open_file(const std::string& path, int flags, mode_t mode) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return Fd(base::check(fd, (flags & O_CREAT) != 0 ? "create" : "open", path));
}

std::pair<Fd, Fd> make_pipe() {
  std::array<int, 2> ends{};
  base::check(::pipe2(ends.data(), O_CLOEXEC), "create", "a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::size_t FdSource::read(base::MutableByteSpan buffer) {
  while (true) {
    const ssize_t count = ::read(fd_, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) base::throw_errno("read", name_);
  }
}

void FdSink::write(base::ByteSpan data) {
  while (!data.empty()) {
    const ssize_t count = ::write(fd_, data.data(), data.size());
    if (count >= 0) {
      data = data.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      base::throw_errno("write", name_);
    }
  }
}

std::string read_file(const std::string& path, std::size_t limit) {
  const Fd file = open_file(path, O_RDONLY);
  FdSource source(file.get(), path);
  return base::read_all(source, limit, path);
}

namespace {

// A name beside `path` that nobody else writes to: 64 random bits, and O_EXCL decides.
std::string sibling_name(const std::string& path) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) base::throw_errno("read", "random bytes");
  return fmt::format("{}.{:016x}.tmp", path, random);
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = sibling_name(path);
  try {
    const Fd file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    FdSink(file.get(), temporary).write(std::as_bytes(std::span(content)));
    // The mode asked for, whatever the umask is.
    base::check(::fchmod(file.get(), mode), "set the mode of", temporary);
    base::check(::rename(temporary.c_str(), path.c_str()), "replace", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace cooper::os
