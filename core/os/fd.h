// An owned file descriptor, always close-on-exec, and byte streams over descriptors.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <utility>

#include "base/bytes.h"

namespace cooper::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC; throws Error{kIo} naming the path.
Fd open_file(const std::string& path, int flags, mode_t mode = 0644);
std::pair<Fd, Fd> make_pipe();  // read end, write end

class FdSource final : public base::ByteSource {
 public:
  FdSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}  // borrows fd; name for errors
  std::size_t read(base::MutableByteSpan buffer) override;

 private:
  int fd_;
  std::string name_;
};

// The same, owning the descriptor.
class FileSource final : public base::ByteSource {
 public:
  FileSource(Fd fd, std::string name) : fd_(std::move(fd)), source_(fd_.get(), std::move(name)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

 private:
  Fd fd_;
  FdSource source_;
};

class FdSink final : public base::ByteSink {
 public:
  FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  void write(base::ByteSpan data) override;

 private:
  int fd_;
  std::string name_;
};

std::string read_file(const std::string& path, std::size_t limit = 64 << 20);  // throws Error{kIo}
// Writes beside `path` and renames over it: readers see the old or the new content, never half.
void write_file_atomically(const std::string& path, std::string_view content, mode_t mode = 0644);

}  // namespace cooper::os
