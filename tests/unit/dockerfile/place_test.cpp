#include <gtest/gtest.h>

#include "dockerfile/ast.h"

namespace cooper::dockerfile {
namespace {

// "line:column" of an error of this message in these lines of the text.
std::string place(const std::string& text, Lines lines, const std::string& message,
                  std::string_view object = {}) {
  base::Error error(base::ErrorKind::kDockerfile, message);
  error = located(error, {"Dockerfile", text, '\\'}, lines, object);
  return std::to_string(error.range()->start_line) + ":" + std::to_string(error.range()->start_column);
}

TEST(DockerfilePlace, IsWhatTheMessageQuotes) {
  EXPECT_EQ(place("FROM a\nRUN --x b\n", {2, 2}, "unknown flag '--x'"), "2:5");
  EXPECT_EQ(place("RUN a \\\n  b c\n", {1, 2}, "no 'c' here"), "2:5");
  EXPECT_EQ(place("COPY a gone /\n", {1, 1}, "'/gone': not found"), "1:8");
  EXPECT_EQ(place("ENV A=some long text\n", {1, 1}, "cannot expand 'some lo…': why"), "1:7");
}

TEST(DockerfilePlace, PrefersWholeWords) {
  EXPECT_EQ(place("RUN --mount=type=tmpfs,target=tmp x\n", {1, 1}, "bad 'tmp'"), "1:31");
  EXPECT_EQ(place("RUN --mount=type=tmpfs x\n", {1, 1}, "bad 'tmp'"), "1:18");
}

TEST(DockerfilePlace, FallsBackToFlagsAndThenToTheInstruction) {
  EXPECT_EQ(place("ADD --link --keep-git-dir=true a b\n", {1, 1}, "--keep-git-dir and the URL disagree"),
            "1:12");
  EXPECT_EQ(place("  ADD a b\n", {1, 1}, "'z' is not there"), "1:3");
  EXPECT_EQ(place("RUN \xC3\xA9 x\n", {1, 1}, "bad 'x'"), "1:7");
}

TEST(DockerfilePlace, AGivenObjectGoesFirst) {
  EXPECT_EQ(place("FROM a AS b\n", {1, 1}, "no 'b'", "a"), "1:6");
}

TEST(DockerfilePlace, OnlyLinesWithoutColumnAreLookedAtAgain) {
  Source source{"Dockerfile", "RUN a\nRUN b\n", '\\'};
  base::Error error(base::ErrorKind::kDockerfile, "no 'b'");
  error.at({"Dockerfile", 2, 0, 2, ""});
  EXPECT_EQ(located(error, source, {2, 2}).range()->start_column, 5);
  error.at({"Dockerfile", 2, 1, 2, ""});
  EXPECT_EQ(located(error, source, {2, 2}).range()->start_column, 1);
  error.at({"other", 2, 0, 2, ""});
  EXPECT_EQ(located(error, source, {2, 2}).range()->file, "other");
}

TEST(DockerfilePlace, LinesThatAreNotThereAreHarmless) {
  EXPECT_EQ(place("RUN a\n", {7, 9}, "no 'a'"), "7:0");
  EXPECT_EQ(place("", {1, 1}, "no 'a'"), "1:0");
  EXPECT_EQ(place(std::string(500, ' ') + "a\n", {1, 1}, "no 'a'"), "1:0");
}

}  // namespace
}  // namespace cooper::dockerfile
