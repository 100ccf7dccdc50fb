#include "report/summary.h"

#include <gtest/gtest.h>

namespace cooper::report {
namespace {

TEST(ReportSummary, IsOneLine) {
  Summary summary;
  summary.seconds = 12.34;
  summary.steps_run = 8;
  summary.steps_cached = 4;
  EXPECT_EQ(summary_line(summary), "built in 12.3s: 8 steps ran, 4 cached");
  summary.seconds = 125;
  summary.steps_run = 1;
  summary.image = base::sha256(std::string_view("x"));
  summary.image_size = 34'000'000;
  EXPECT_EQ(summary_line(summary), "built in 2m05s: 1 step ran, 4 cached, image " +
                                       base::sha256(std::string_view("x")).str() + " 34 MB");
}

TEST(ReportSummary, NamesTheSlowestSteps) {
  EXPECT_EQ(slowest_line({{"step 2", 70}, {"step 0", 5}}), "slowest: step 2 1m10s, step 0 5.0s");
  EXPECT_EQ(slowest_line({{"quick", 0.4}}), "");
}

}  // namespace
}  // namespace cooper::report
