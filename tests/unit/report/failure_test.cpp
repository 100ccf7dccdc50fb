#include "report/failure.h"

#include <gtest/gtest.h>

namespace cooper::report {
namespace {

base::Error error_at(base::SourceRange range) {
  return base::Error(base::ErrorKind::kDockerfile, "unknown instruction 'COYP'")
      .at(std::move(range))
      .hint("did you mean 'COPY'?");
}

std::string shown(const std::string& text, base::SourceRange range) {
  auto source = [&](const std::string&) { return std::optional(text); };
  return render_failure(error_at(std::move(range)), nullptr, source, false);
}

TEST(ReportFailure, PutsACaretBelowTheColumn) {
  EXPECT_EQ(shown("FROM scratch\n  COYP a b\n", {"Dockerfile", 2, 3, 2, ""}),
            "Dockerfile:2\n"
            "--------------------\n"
            "   1 |     FROM scratch\n"
            "   2 | >>>   COYP a b\n"
            "     |       ^\n"
            "--------------------\n"
            "error: Dockerfile:2:3: unknown instruction 'COYP'\n"
            "hint: did you mean 'COPY'?\n");
}

TEST(ReportFailure, CountsColumnsInCharactersAndKeepsTabs) {
  std::string text = shown("\tRUN \xC3\xA9\xE6\x97\xA5 x\n", {"Dockerfile", 1, 8, 1, ""});
  // Below "é" one cell, below the wide character two.
  EXPECT_NE(text.find("\n   1 | >>> \tRUN \xC3\xA9\xE6\x97\xA5 x\n     |     \t       ^\n"),
            std::string::npos)
      << text;
}

TEST(ReportFailure, MarksAllLinesOfAnInstructionAndOneColumn) {
  std::string text = shown("RUN a \\\n  b \\\n  c\n", {"Dockerfile", 1, 5, 3, ""});
  EXPECT_NE(text.find("   1 | >>> RUN a \\\n     |         ^\n   2 | >>>   b \\\n   3 | >>>   c\n"),
            std::string::npos)
      << text;
}

TEST(ReportFailure, CutsLongInstructions) {
  std::string text = "RUN <<EOF\n";
  for (int i = 0; i < 100; ++i) text += "echo\n";
  std::string excerpt = render_excerpt(text + "EOF\nCMD x\n", {"Dockerfile", 1, 0, 102, ""});
  EXPECT_NE(excerpt.find("  30 | >>> echo\n     | … and 72 more lines\n---"), std::string::npos) << excerpt;
  EXPECT_EQ(excerpt.find("CMD"), std::string::npos);
}

TEST(ReportFailure, FallsBackToTheExcerptOfTheError) {
  EXPECT_EQ(render_failure(error_at({"Dockerfile", 7, 1, 7, "COYP a b"}), nullptr, nullptr, false),
            "Dockerfile:7\n"
            "--------------------\n"
            "   7 | >>> COYP a b\n"
            "     |     ^\n"
            "--------------------\n"
            "error: Dockerfile:7:1: unknown instruction 'COYP'\n"
            "hint: did you mean 'COPY'?\n");
}

TEST(ReportFailure, ColumnBeyondTheLineIsNotFollowed) {
  std::string text = shown("ab\n", {"Dockerfile", 1, 99, 1, ""});
  EXPECT_NE(text.find("\n     |       ^\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace cooper::report
