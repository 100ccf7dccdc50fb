#include "sandbox/emulation.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "os/process.h"

namespace cooper::sandbox {
namespace {

class SandboxEmulation : public ::testing::Test {
 protected:
  std::string write(const std::string& architecture) {
    std::string path = directory_.path() + "/" + architecture;
    std::ofstream(path, std::ios::binary) << exit_program(architecture);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  os::TempDir directory_{std::filesystem::temp_directory_path().string(), "emulation-"};
};

#if defined(__x86_64__)
constexpr const char* kNative = "amd64";
#elif defined(__aarch64__)
constexpr const char* kNative = "arm64";
#endif

TEST_F(SandboxEmulation, OurOwnArchitectureRuns) {
  EXPECT_TRUE(can_execute(kNative, directory_.path()));
}

TEST_F(SandboxEmulation, AnUnknownOneDoesNot) {
  EXPECT_FALSE(can_execute("vax", directory_.path()));
  EXPECT_EQ(exit_program("vax"), "");
}

TEST_F(SandboxEmulation, NothingIsLeftBehind) {
  can_execute("s390x", directory_.path());
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

// The programs are right: an emulator of each machine runs them.
TEST_F(SandboxEmulation, EveryProgramExitsWithZeroOnItsMachine) {
  const std::map<std::string, std::string> emulators = {
      {"amd64", "x86_64"}, {"386", "i386"},          {"arm64", "aarch64"},
      {"arm", "arm"},      {"riscv64", "riscv64"},   {"ppc64le", "ppc64le"},
      {"s390x", "s390x"},  {"mips64le", "mips64el"}, {"loong64", "loongarch64"}};
  std::string missing;
  for (const std::string& architecture : known_architectures()) {
    std::string emulator = "/usr/bin/qemu-" + emulators.at(architecture) + "-static";
    if (!std::filesystem::exists(emulator)) {
      missing += " " + emulator;
      continue;
    }
    os::ProcessOptions options;
    options.argv = {emulator, write(architecture)};
    options.timeout = std::chrono::seconds(30);
    os::ProcessResult result = os::run_process(options, {});
    EXPECT_EQ(result.exit_code, 0) << architecture << ": " << result.errors;
  }
  if (!missing.empty()) GTEST_SKIP() << "not here:" << missing;
}

}  // namespace
}  // namespace cooper::sandbox
