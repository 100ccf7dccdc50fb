#include "cli/timed_output.h"

#include <gtest/gtest.h>

#include "support/scripted_output.h"

namespace cooper::cli {
namespace {

TEST(CliTimedOutput, EachLineHasTheTimeOfItsBeginning) {
  support::ScriptedOutput next;
  next.terminal = true;
  std::time_t seconds = 1'700'000'000;
  TimedOutput output(next, [&] { return std::chrono::system_clock::from_time_t(seconds); });
  output.write("one\ntwo");
  seconds += 60;
  output.write(" goes on\nthree\n");
  EXPECT_EQ(next.text(),
            "2023-11-14T22:13:20Z one\n2023-11-14T22:13:20Z two goes on\n2023-11-14T22:14:20Z three\n");
  EXPECT_FALSE(output.is_terminal());
}

}  // namespace
}  // namespace cooper::cli
