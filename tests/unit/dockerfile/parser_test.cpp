#include <gmock/gmock.h>

#include "base/error.h"
#include "dockerfile/ast.h"

namespace cooper::dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::Error parse_error(const std::string& text) {
  try {
    parse(text, "Dockerfile");
  } catch (const base::Error& error) {
    return error;
  }
  return {base::ErrorKind::kInternal, ""};
}

TEST(DockerfileLexer, JoinsContinuationsAndDropsCommentsInside) {
  Ast ast = parse("FROM a\nRUN one \\\n# comment\n  && two \\ \t\n&& three\n", "Dockerfile");
  ASSERT_EQ(ast.nodes.size(), 2U);
  EXPECT_THAT(ast.nodes[1].words, ElementsAre("one   && two && three"));
  EXPECT_EQ(ast.nodes[1].lines, (Lines{2, 5}));
}

TEST(DockerfileLexer, WarnsOfEmptyContinuationLines) {
  Ast ast = parse("FROM a\nRUN one \\\n\n two\n", "Dockerfile");
  ASSERT_EQ(ast.warnings.size(), 1U);
  EXPECT_EQ(ast.warnings[0].lines.first, 4);
}

TEST(DockerfileLexer, TakesTheEscapeDirective) {
  Ast ast = parse("# escape=`\nFROM a\nRUN dir C:\\ `\n  x\n", "Dockerfile");
  EXPECT_EQ(ast.source->escape, '`');
  EXPECT_THAT(ast.nodes[1].words, ElementsAre("dir C:\\   x"));
}

TEST(DockerfileLexer, StopsLookingForDirectivesAtTheFirstOtherLine) {
  Ast ast = parse("# hello\n# escape=`\nFROM a\n", "Dockerfile");
  EXPECT_EQ(ast.source->escape, '\\');
  EXPECT_TRUE(ast.directives.empty());
}

TEST(DockerfileLexer, RefusesARepeatedDirectiveAndABadEscape) {
  EXPECT_THAT(parse_error("# escape=`\n# escape=`\nFROM a\n").message(), HasSubstr("given twice"));
  EXPECT_THAT(parse_error("# escape=x\nFROM a\n").message(), HasSubstr("'x'"));
}

TEST(DockerfileLexer, DropsTheByteOrderMarkAndCarriageReturns) {
  Ast ast = parse(
      "\xEF\xBB\xBF"
      "FROM a\r\nRUN b\r\n",
      "Dockerfile");
  EXPECT_EQ(ast.nodes[0].keyword, "FROM");
  EXPECT_THAT(ast.nodes[1].words, ElementsAre("b"));
}

TEST(DockerfileLexer, RefusesOverlongLinesAndEmptyFiles) {
  EXPECT_THAT(parse_error("FROM a\nRUN " + std::string(65536, 'x') + "\n").message(),
              HasSubstr("longer than"));
  EXPECT_THAT(parse_error("").message(), HasSubstr("no instructions"));
  EXPECT_THAT(parse_error("# only a comment\n").message(), HasSubstr("no instructions"));
}

TEST(DockerfileParser, ReadsFlagsWithQuotes) {
  Ast ast = parse("COPY --from=a --chown=\"x y\":z -- --b /c\n", "Dockerfile");
  EXPECT_THAT(ast.nodes[0].flags, ElementsAre("--from=a", "--chown=x y:z"));
  EXPECT_THAT(ast.nodes[0].words, ElementsAre("--b", "/c"));
}

TEST(DockerfileParser, ReadsJsonAndFallsBackToTheShellForm) {
  Ast ast = parse("CMD [\"a\", \"b c\"]\nCMD [ -f x ]\n", "Dockerfile");
  EXPECT_TRUE(ast.nodes[0].json);
  EXPECT_THAT(ast.nodes[0].words, ElementsAre("a", "b c"));
  EXPECT_FALSE(ast.nodes[1].json);
  EXPECT_THAT(ast.nodes[1].words, ElementsAre("[ -f x ]"));
}

TEST(DockerfileParser, RefusesJsonArraysOfOtherThings) {
  base::Error error = parse_error("FROM a\nCMD [\"a\", 1]\n");
  EXPECT_THAT(error.message(), HasSubstr("other than strings"));
  ASSERT_TRUE(error.range());
  EXPECT_EQ(error.range()->start_line, 2);
}

TEST(DockerfileParser, KeepsQuotesOfPairsAndKnowsTheLegacyForm) {
  Ast ast = parse("ENV a=\"b c\" d=e\\ f\nENV name some value\n", "Dockerfile");
  EXPECT_THAT(ast.nodes[0].words, ElementsAre("a", "\"b c\"", "=", "d", "e\\ f", "="));
  EXPECT_THAT(ast.nodes[1].words, ElementsAre("name", "some value", ""));
}

TEST(DockerfileParser, KeepsHeredocBodyVerbatim) {
  Ast ast = parse("RUN <<-EOF cat 3<<'END' >x\n\ta\n\tEOF\n# b $C\nEND\n", "Dockerfile");
  ASSERT_EQ(ast.nodes[0].heredocs.size(), 2U);
  const Heredoc& first = ast.nodes[0].heredocs[0];
  EXPECT_EQ(first.content, "\ta\n");
  EXPECT_TRUE(first.chomp);
  EXPECT_TRUE(first.expand);
  const Heredoc& second = ast.nodes[0].heredocs[1];
  EXPECT_EQ(second.name, "END");
  EXPECT_EQ(second.descriptor, 3U);
  EXPECT_FALSE(second.expand);
  EXPECT_EQ(second.content, "# b $C\n");
  EXPECT_EQ(chomp_heredoc(first.content), "a\n");
}

TEST(DockerfileParser, RefusesAnUnterminatedHeredoc) {
  base::Error error = parse_error("FROM a\nRUN <<EOF\nx\n");
  EXPECT_THAT(error.message(), HasSubstr("'EOF' is not terminated"));
  EXPECT_EQ(error.range()->start_line, 2);
  EXPECT_EQ(error.range()->start_column, 7);
}

TEST(DockerfileParser, NestsTriggers) {
  Ast ast = parse("ONBUILD COPY --from=x a b\n", "Dockerfile");
  ASSERT_EQ(ast.nodes[0].trigger.size(), 1U);
  EXPECT_THAT(ast.nodes[0].trigger[0].flags, ElementsAre("--from=x"));
  EXPECT_EQ(dump(ast), "(onbuild (copy [\"--from=x\"] \"a\" \"b\"))\n");
}

TEST(DockerfileParser, SurvivesDeepNesting) {
  std::string text = "FROM a\n";
  for (int i = 0; i < 5000; ++i) text += "ONBUILD ";
  EXPECT_NO_THROW(parse(text + "RUN x\n", "Dockerfile"));
}

TEST(DockerfileParser, DetectsSyntaxInItsForms) {
  EXPECT_EQ(detect_syntax("#!/bin/x\n# syntax = a/b:1 opt\n").reference, "a/b:1");
  EXPECT_EQ(detect_syntax("// syntax=c\n").reference, "c");
  EXPECT_EQ(detect_syntax("{\"syntax\": \"d\"}").reference, "d");
  EXPECT_EQ(detect_syntax("FROM x\n# syntax=e\n").reference, "");
}

}  // namespace
}  // namespace cooper::dockerfile
