#include "dockerfile/shell_word.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace cooper::dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Environment environment() {
  Environment environment;
  environment.set("A", "value");
  environment.set("PATHS", "/usr/local/lib.tar.gz");
  environment.set("EMPTY", "");
  return environment;
}

std::string word(const std::string& text, WordOptions options = {}) {
  return expand(text, environment(), options).word;
}

std::string failure(const std::string& text) {
  try {
    word(text);
  } catch (const base::Error& error) {
    return error.message();
  }
  return "";
}

TEST(DockerfileShellWord, ExpandsNames) {
  EXPECT_EQ(word("$A ${A} $Ax ${A}x"), "value value  valuex");
  EXPECT_EQ(word("$ $1$2"), "$ ");
  EXPECT_EQ(word("\\$A '$A' \"$A\""), "$A $A value");
}

TEST(DockerfileShellWord, KnowsTheModifiers) {
  EXPECT_EQ(word("${A:-w} ${EMPTY:-w} ${EMPTY-w} ${U-w}"), "value w  w");
  EXPECT_EQ(word("${A:+w} ${EMPTY:+w} ${EMPTY+w} ${U+w}"), "w  w ");
  EXPECT_EQ(word("${U:-${A:+nested}}"), "nested");
  EXPECT_THAT(failure("${U:?no such}"), HasSubstr("U: no such"));
  EXPECT_THAT(failure("${EMPTY:?}"), HasSubstr("not allowed to be empty"));
}

TEST(DockerfileShellWord, CutsAndReplaces) {
  EXPECT_EQ(word("${PATHS#*/} ${PATHS##*/}"), "usr/local/lib.tar.gz lib.tar.gz");
  EXPECT_EQ(word("${PATHS%.*} ${PATHS%%.*}"), "/usr/local/lib.tar /usr/local/lib");
  EXPECT_EQ(word("${PATHS/l/L} ${PATHS//l/L}"), "/usr/Local/lib.tar.gz /usr/LocaL/Lib.tar.gz");
  EXPECT_EQ(word("${PATHS//\\//-}"), "-usr-local-lib.tar.gz");
  EXPECT_EQ(word("${A//*/x}"), "x");
}

TEST(DockerfileShellWord, RefusesWhatIsMalformed) {
  for (const char* text : {"${A", "${}", "${:A}", "${A:#x}", "${A!x}", "'a", "\"a", "${A/x}", "${A#\\x}"}) {
    EXPECT_NE(failure(text), "") << text;
  }
}

TEST(DockerfileShellWord, SplitsAfterExpansion) {
  Environment ports;
  ports.set("PORTS", "80 443");
  EXPECT_THAT(expand("$PORTS \"8 9\"", ports, {}).words, ElementsAre("80", "443", "8 9"));
}

TEST(DockerfileShellWord, TellsWhichNamesWereSet) {
  WordResult result = expand("$A ${U:-$V}", environment(), {});
  EXPECT_THAT(result.matched, ElementsAre("A"));
  EXPECT_THAT(result.unmatched, ElementsAre("U", "V"));
}

TEST(DockerfileShellWord, LeavesUnsetNamesOnDemand) {
  WordOptions options;
  options.skip_unset = true;
  options.raw_quotes = true;
  EXPECT_EQ(word("\"$U\" ${U:-x} $A", options), "\"$U\" ${U:-x} value");
}

TEST(DockerfileShellWord, BoundsNestingAndGrowth) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "${U:-";
  EXPECT_THAT(failure(deep + std::string(1000, '}')), HasSubstr("nested too deeply"));
  Environment large;
  large.set("A", std::string(700000, 'x'));
  EXPECT_THROW(expand("$A$A", large, {}), base::Error);
}

TEST(DockerfileShellWord, ReplacesInvalidUtf8) {
  EXPECT_EQ(word("a\xFF$A"), "a\xEF\xBF\xBDvalue");
}

TEST(DockerfileEnvironment, MovesWhatIsSetAgainToTheEnd) {
  Environment environment;
  environment.set("A", "1");
  environment.set("B", "2");
  environment.set("A", "3");
  EXPECT_THAT(environment.list(), ElementsAre("B=2", "A=3"));
  environment.remove("B");
  EXPECT_THAT(environment.names(), ElementsAre("A"));
  EXPECT_EQ(environment.find("B"), nullptr);
}

}  // namespace
}  // namespace cooper::dockerfile
