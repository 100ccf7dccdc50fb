#include "report/note.h"

#include <gtest/gtest.h>

namespace cooper::report {
namespace {

TEST(ReportNote, HasPlaceTextAndPage) {
  base::Event event;
  event.text = "hello";
  EXPECT_EQ(render_note(event), "hello");
  event.kind = base::Event::Kind::kWarning;
  event.range = {"Dockerfile", 7, 0, 7, ""};
  event.url = "https://example.com/rule";
  EXPECT_EQ(render_note(event), "warning: Dockerfile:7: hello\n  https://example.com/rule");
}

TEST(ReportNote, LetsNothingMoveTheCursor) {
  base::Event event;
  event.text = "a\x1b[2J\rb";
  EXPECT_EQ(render_note(event), "ab");
}

}  // namespace
}  // namespace cooper::report
