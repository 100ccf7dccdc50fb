#include "report/labelled_output.h"

#include <gtest/gtest.h>

#include "support/scripted_output.h"

namespace cooper::report {
namespace {

TEST(ReportLabelledOutput, NamesEachLineOnce) {
  support::ScriptedOutput out;
  LabelledOutput api(out, "api");
  api.write("one\ntwo\nhal");
  api.write("f\n\nend\n");
  EXPECT_EQ(out.text(), "api | one\napi | two\napi | half\napi | \napi | end\n");
  EXPECT_FALSE(api.is_terminal());
}

}  // namespace
}  // namespace cooper::report
