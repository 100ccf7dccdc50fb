// Corners that the golden cases of tests/golden/check do not reach.
#include "report/call.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace cooper::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const CallSource kSource = {"dir/Dockerfile", "FROM scratch AS A\nCMD a\n"};

dockerfile::LintWarning finding(const std::string& rule, int line) {
  return {rule, "about " + rule, "https://example.com/" + rule, "message of " + rule, {line, line}};
}

TEST(ReportCall, FindingsAreShownInTheFilesOrder) {
  std::string text =
      render_check({{finding("B", 2), finding("A", 1), finding("C", 2)}, std::nullopt}, kSource);
  EXPECT_THAT(
      text, HasSubstr("Check complete, 3 warnings have been found!\n\nWARNING: A - https://example.com/A\n"));
  EXPECT_LT(text.find("WARNING: A"), text.find("WARNING: B"));
  EXPECT_LT(text.find("WARNING: B"), text.find("WARNING: C"));
}

TEST(ReportCall, AnErrorAloneHasNoText) {
  dockerfile::CheckResult result;
  result.error = base::Error(base::ErrorKind::kDockerfile, "no");
  EXPECT_EQ(render_check(result, kSource), "");
}

TEST(ReportCall, ARuleWithoutPageAndAFindingWithoutPlace) {
  dockerfile::LintWarning bare = finding("A", 0);
  bare.url.clear();
  EXPECT_EQ(render_check({{bare}, std::nullopt}, kSource),
            "Check complete, 1 warning has been found!\n\nWARNING: A\nmessage of A\n");
  json parsed = json::parse(check_json({{bare}, std::nullopt}, kSource));
  EXPECT_EQ(parsed["warnings"][0]["location"], json::object());
  EXPECT_FALSE(parsed["warnings"][0].contains("url"));
}

TEST(ReportCall, JsonNamesTheErrorAndItsPlace) {
  dockerfile::CheckResult result;
  result.error = base::Error(base::ErrorKind::kDockerfile, "unknown instruction 'COYP'")
                     .at({"dir/Dockerfile", 2, 1, 3, ""})
                     .hint("did you mean 'COPY'?");
  json parsed = json::parse(check_json(result, kSource));
  EXPECT_EQ(parsed["warnings"], json::array());
  EXPECT_EQ(parsed["buildError"]["message"], "unknown instruction 'COYP' (did you mean 'COPY'?)");
  EXPECT_EQ(parsed["buildError"]["location"]["ranges"][0],
            json::parse(R"({"start":{"line":2},"end":{"line":3}})"));
  EXPECT_EQ(parsed["sources"][0]["filename"], "Dockerfile");
}

TEST(ReportCall, WhatIsNoUtf8IsReplaced) {
  dockerfile::Outline outline;
  outline.args.push_back({"A", "\xFF", "", {1, 1}});
  EXPECT_EQ(json::parse(outline_json(outline, kSource))["args"][0]["value"], "\xEF\xBF\xBD");
  EXPECT_THAT(render_outline({"a\x1b[2J", "", {}, {}, {}}), Not(HasSubstr("\x1b")));
}

TEST(ReportCall, TargetsWithoutNameGoByTheirNumber) {
  std::vector<dockerfile::Target> targets = {{"", "", "a", "", {1, 1}, false},
                                             {"", "", "b", "", {2, 2}, true}};
  EXPECT_EQ(render_targets(targets), "TARGET      DESCRIPTION\n0\n(default)\n");
}

}  // namespace
}  // namespace cooper::report
