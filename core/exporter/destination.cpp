#include "exporter/destination.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::exporter {
namespace {

class FileDestination final : public base::ByteSink {
 public:
  explicit FileDestination(std::string path)
      : path_(std::move(path)),
        temporary_(fmt::format("{}.partial-{}", path_, ::getpid())),
        fd_(os::open_file(temporary_, O_WRONLY | O_CREAT | O_TRUNC, 0644)),
        sink_(fd_.get(), path_) {}
  ~FileDestination() override {
    if (!finished_) ::unlink(temporary_.c_str());
  }
  void write(base::ByteSpan data) override { sink_.write(data); }
  void finish() override {
    base::check(::rename(temporary_.c_str(), path_.c_str()), "write", path_);
    finished_ = true;
  }

 private:
  std::string path_;
  std::string temporary_;
  os::Fd fd_;
  os::FdSink sink_;
  bool finished_ = false;
};

// A device or a pipe that exists already is written in place; so is what a symlink leads to, for a rename
// would replace the link: think of dest=/dev/stdout with the output redirected to a file.
bool is_special_file(const std::string& path) {
  struct stat own {};
  struct stat target {};
  return ::lstat(path.c_str(), &own) == 0 && !S_ISREG(own.st_mode) && ::stat(path.c_str(), &target) == 0;
}

class OpenedDestination final : public base::ByteSink {
 public:
  explicit OpenedDestination(const std::string& path)
      : fd_(os::open_file(path, O_WRONLY | O_TRUNC)), sink_(fd_.get(), path) {}
  void write(base::ByteSpan data) override { sink_.write(data); }

 private:
  os::Fd fd_;
  os::FdSink sink_;
};

}  // namespace

std::unique_ptr<base::ByteSink> open_destination(const Destination& destination) {
  if (destination.path.empty()) return std::make_unique<os::FdSink>(destination.fd, destination.shown());
  if (is_special_file(destination.path)) return std::make_unique<OpenedDestination>(destination.path);
  return std::make_unique<FileDestination>(destination.path);
}

}  // namespace cooper::exporter
