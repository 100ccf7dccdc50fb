#include "sandbox/stub_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

// The file's bytes; the build says where the file is.
extern "C" {
extern const std::byte kCooperStubImageBegin[];
extern const std::byte kCooperStubImageEnd[];
}
asm(".section .rodata\n"
    ".balign 16\n"
    ".global kCooperStubImageBegin\n"
    "kCooperStubImageBegin:\n"
    ".incbin \"" COOPER_STUB_FILE
    "\"\n"
    ".global kCooperStubImageEnd\n"
    "kCooperStubImageEnd:\n"
    ".byte 0\n"
    ".previous\n");

namespace cooper::sandbox {
namespace {

void write_image(int fd) {
  for (std::span<const std::byte> left = stub_image(); !left.empty();) {
    const ssize_t size = write(fd, left.data(), left.size());
    base::check(size, "write", "stub");
    left = left.subspan(static_cast<std::size_t>(size));
  }
}

// Opened anew, read-only: what is open for writing cannot be executed.
os::Fd reopen(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return os::Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// Whether the kernel, and what watches over it, lets the file be executed.
bool is_executable(int fd) {
  return fd >= 0 && faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0 && [fd] {
    void* map = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) return false;
    munmap(map, 4096);
    return true;
  }();
}

os::Fd in_memory() {
  const os::Fd file(memfd_create("cooper-stub", MFD_CLOEXEC));
  if (!file.valid()) return {};
  write_image(file.get());
  return fchmod(file.get(), 0555) == 0 ? reopen(file.get()) : os::Fd();
}

os::Fd on_disk(const std::string& directory) {
  os::Fd file(open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0700));
  std::string path;
  if (!file.valid()) {
    path = directory + "/cooper-stub-XXXXXX";
    file = os::Fd(base::check(mkostemp(path.data(), O_CLOEXEC), "make a file in", directory));
  }
  write_image(file.get());
  base::check(fchmod(file.get(), 0555), "change the mode of a file in", directory);
  os::Fd again = reopen(file.get());
  if (!path.empty()) unlink(path.c_str());
  return again;
}

}  // namespace

std::span<const std::byte> stub_image() {
  return {kCooperStubImageBegin, kCooperStubImageEnd};
}

os::Fd open_stub(const std::string& directory) {
  if (os::Fd file = in_memory(); is_executable(file.get())) return file;
  if (os::Fd file = on_disk(directory); is_executable(file.get())) return file;
  throw base::Error(base::ErrorKind::kUnsupported, "no program can be executed from '" + directory + "'")
      .hint("choose a directory for the store that is not mounted noexec");
}

}  // namespace cooper::sandbox
