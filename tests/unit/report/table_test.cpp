#include "report/table.h"

#include <gtest/gtest.h>

namespace cooper::report {
namespace {

TEST(ReportTable, AlignsColumnsAndEndsLinesAtTheirText) {
  EXPECT_EQ(render_table({{"NAME", "VALUE"}, {"a", ""}, {"longer", "x"}}),
            "NAME     VALUE\n"
            "a\n"
            "longer   x\n");
}

TEST(ReportTable, CountsCellsAndCleansThem) {
  EXPECT_EQ(render_table({{"\xE6\x97\xA5", "x"}, {"a\x1b[31m", "y"}}), "\xE6\x97\xA5   x\na    y\n");
}

TEST(ReportTable, RowsMayDifferInLength) {
  EXPECT_EQ(render_table({{"a", "b", "c"}, {"d"}, {}}), "a   b   c\nd\n\n");
  EXPECT_EQ(render_table({}), "");
}

}  // namespace
}  // namespace cooper::report
