#include "sandbox/program.h"

#include <gtest/gtest.h>

namespace cooper::sandbox {
namespace {

using Paths = std::vector<std::string>;

TEST(SandboxProgram, LooksAlongTheStepsPath) {
  EXPECT_EQ(program_candidates("cc", {"A=1", "PATH=/a:/b"}), (Paths{"/a/cc", "/b/cc"}));
  EXPECT_EQ(program_candidates("cc", {"PATH=:/b"}), (Paths{"./cc", "/b/cc"}));
  EXPECT_EQ(program_candidates("./cc", {"PATH=/a"}), (Paths{"./cc"}));
  EXPECT_EQ(program_candidates("/bin/cc", {"PATH=/a"}), (Paths{"/bin/cc"}));
  EXPECT_EQ(program_candidates("", {"PATH=/a"}), (Paths{}));
}

TEST(SandboxProgram, UsesDockersPathWhenThereIsNone) {
  EXPECT_EQ(program_candidates("x", {}).front(), "/usr/local/sbin/x");
  EXPECT_EQ(program_candidates("x", {}).size(), 6u);
}

}  // namespace
}  // namespace cooper::sandbox
