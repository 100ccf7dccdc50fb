#include "sandbox/refused_calls.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace cooper::sandbox {
namespace {

TEST(SandboxRefusedCalls, AreNamedByHowOftenTheyWereAskedFor) {
  Board board(stub::Owners::kTable, 1);
  EXPECT_TRUE(refused_calls(board).empty());
  board.header().refused[SYS_unshare] = 1;
  board.header().refused[SYS_mount] = 3;
  board.header().refused[511] = 1;
  EXPECT_EQ(refused_calls(board), (std::vector<std::string>{"mount (3 times)", "unshare", "call 511"}));
}

}  // namespace
}  // namespace cooper::sandbox
