#include <gtest/gtest.h>
#include <memory>

#include "base/error.h"
#include "conformance_data.h"
#include "context/pattern_matcher.h"
#include "dockerfile/frontend.h"
#include "stand_in_resolver.h"

namespace cooper::conformance {
namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json sorted(json list) {
  if (list.is_null()) return json::array();
  std::sort(list.begin(), list.end());
  return list;
}

json table_warnings(const json& row) {
  json list = json::array();
  json warnings = row.value("Warnings", json::array());
  for (const json& warning : warnings) {
    list.push_back({{"rule", warning["RuleName"]},
                    {"description", warning["Description"]},
                    {"message", warning["Detail"]},
                    {"url", warning.value("URL", "")},
                    {"line", warning["Line"]}});
  }
  return sorted(list);
}

json our_warnings(const std::vector<dockerfile::LintWarning>& warnings) {
  json list = json::array();
  for (const dockerfile::LintWarning& warning : warnings) {
    list.push_back({{"rule", warning.rule},
                    {"description", warning.description},
                    {"message", warning.message},
                    {"url", warning.url},
                    {"line", warning.lines.first}});
  }
  return sorted(list);
}

dockerfile::FrontendInput table_input(const json& row) {
  dockerfile::FrontendInput input;
  input.build_platform = oci::parse_platform("linux/amd64");
  constexpr std::string_view kBuildArg = "build-arg:";
  json attributes = row.value("FrontendAttrs", json::object());
  for (const auto& [key, value] : attributes.items()) {
    if (key.substr(0, kBuildArg.size()) == kBuildArg) input.build_args[key.substr(kBuildArg.size())] = value;
  }
  if (row.contains("DockerIgnore")) {
    input.ignore_patterns = context::read_ignore_file(row["DockerIgnore"].get<std::string>());
    auto matcher = std::make_shared<context::PatternMatcher>(input.ignore_patterns);
    input.is_ignored = [matcher](const std::string& path) {
      return matcher->matches_or_parent_matches(path);
    };
  }
  return input;
}

// Rows in which only the solver fails (a file that the ignore file hides) are no errors of the language.
bool expects_error(const json& row) {
  return row.contains("BuildErr");
}

TEST(ConformanceLint, Table) {
  auto rows = load("dockerfile_integration/lint_cases.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("dockerfile_integration/lint_cases.json");
  Tally tally("lint_cases");
  for (const json& row : *rows) {
    StandInResolver resolver;
    dockerfile::CheckResult result =
        dockerfile::check(row["Dockerfile"].get<std::string>(), "Dockerfile", table_input(row), resolver);
    json expected = table_warnings(row);
    json got = our_warnings(result.warnings);
    bool same_error = result.error.has_value() == expects_error(row);
    if (result.error && row.contains("BuildErrLocation")) {
      bool named = result.error->range() && result.error->range()->start_line == row["BuildErrLocation"];
      same_error = same_error && (named || !result.error->range());
    }
    tally.row(got == expected && same_error, text_of(row["name"]) + " " + text_of(row["Dockerfile"]) +
                                                 "\n    expected " + text_of(expected) + "\n    got      " +
                                                 text_of(got) +
                                                 (result.error ? "\n    " + result.error->render() : ""));
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

}  // namespace
}  // namespace cooper::conformance
