#include "sandbox/stub_image.h"

#include <array>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/beneath.h"
#include "sandbox/stub/abi.h"

namespace cooper::sandbox {
namespace {

TEST(StubImage, IsAStaticProgramAtItsAddress) {
  const auto image = stub_image();
  ASSERT_GT(image.size(), sizeof(Elf64_Ehdr));
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  EXPECT_EQ(std::memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
  EXPECT_EQ(header.e_type, ET_EXEC);
  EXPECT_GE(header.e_entry, stub::kStubAddress);
  ASSERT_LE(header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr), image.size());
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, image.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    EXPECT_NE(segment.p_type, PT_INTERP);
    EXPECT_NE(segment.p_type, PT_DYNAMIC);
    if (segment.p_type != PT_LOAD) continue;
    EXPECT_GE(segment.p_vaddr, stub::kStubAddress);
    EXPECT_LE(segment.p_vaddr + segment.p_memsz, stub::kStubAddress + stub::kStubSize)
        << "the filter knows the stub's calls by their addresses";
  }
}

// What it says, and how it ends, when it is executed as a program of its own.
std::string run(const os::Fd& stub, int& code) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
  const os::Fd read_end(pipe[0]);
  os::Fd write_end(pipe[1]);
  const pid_t child = fork();
  if (child == 0) {
    dup2(write_end.get(), 2);
    std::array<char*, 2> arguments = {const_cast<char*>("cooper-stub"), nullptr};
    std::array<char*, 1> environment = {nullptr};
    execveat(stub.get(), "", arguments.data(), environment.data(), AT_EMPTY_PATH);
    _exit(99);
  }
  write_end.reset();
  std::array<char, 256> text{};
  const ssize_t size = read(read_end.get(), text.data(), text.size());
  int status = 0;
  waitpid(child, &status, 0);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

TEST(StubImage, CanBeExecuted) {
  const os::TempDir directory("/tmp", "cooper-stub-");
  const os::Fd stub = open_stub(directory.path());
  int code = 0;
  EXPECT_THAT(run(stub, code), ::testing::HasSubstr("is no program of its own"));
  EXPECT_EQ(code, 127);
}

TEST(StubImage, CannotBeWrittenThroughItsDescriptor) {
  const os::Fd stub = open_stub("/tmp");
  EXPECT_EQ(fcntl(stub.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_NE(fcntl(stub.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace cooper::sandbox
