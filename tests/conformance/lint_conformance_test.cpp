#include <gtest/gtest.h>
#include <memory>

#include "base/error.h"
#include "conformance_data.h"
#include "context/pattern_matcher.h"
#include "dockerfile/frontend.h"
#include "dockerfile/outline.h"
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
  EXPECT_GE(tally.share(), 0.98);
}

TEST(ConformanceCall, Lint) {
  auto rows = load("convert/call_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/call_oracle.json");
  Tally tally("call lint");
  for (const json& row : *rows) {
    if (row["call"] != "lint") continue;
    StandInResolver resolver;
    dockerfile::FrontendInput input;
    input.build_platform = oci::parse_platform("linux/amd64");
    dockerfile::CheckResult result =
        dockerfile::check(row["dockerfile"].get<std::string>(), "Dockerfile", input, resolver);
    json got = json::array();
    for (const dockerfile::LintWarning& warning : result.warnings) {
      got.push_back({{"rule", warning.rule}, {"detail", warning.message}, {"line", warning.lines.first}});
    }
    got = sorted(got);
    json expected = sorted(row["expected"]["warnings"]);
    bool same = got == expected && result.error.has_value() == row["expected"].contains("build_error");
    tally.row(same, text_of(row["dockerfile"]) + "\n    expected " + text_of(row["expected"]) +
                        "\n    got      " + text_of(got) +
                        (result.error ? "\n    " + result.error->render() : ""));
  }
  EXPECT_GE(tally.share(), 0.98);
}

json targets_of(const std::string& text) {
  json list = json::array();
  for (const dockerfile::Target& target : dockerfile::list_targets(dockerfile::parse(text, "Dockerfile"))) {
    list.push_back({{"name", target.name},
                    {"description", target.description},
                    {"base", target.base},
                    {"platform", target.platform},
                    {"default", target.is_default}});
  }
  return {{"targets", list}};
}

TEST(ConformanceCall, Targets) {
  auto rows = load("convert/call_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/call_oracle.json");
  Tally tally("call targets");
  for (const json& row : *rows) {
    if (row["call"] != "targets") continue;
    json got;
    try {
      got = targets_of(row["dockerfile"].get<std::string>());
    } catch (const base::Error& error) {
      got = {{"error", error.message()}};
    }
    bool error = row["expected"].contains("error");
    tally.row(error ? got.contains("error") : got == row["expected"],
              text_of(row) + "\n    got " + text_of(got));
  }
  EXPECT_GE(tally.share(), 0.99);
}

json sources_of(const std::vector<dockerfile::OutlineSource>& sources) {
  json list = json::array();
  for (const dockerfile::OutlineSource& source : sources) {
    list.push_back({{"name", source.name}, {"required", source.required}});
  }
  return sorted(list);
}

json outline_of(const std::string& text) {
  StandInResolver resolver;
  dockerfile::FrontendInput input;
  input.build_platform = oci::parse_platform("linux/amd64");
  dockerfile::Outline outline =
      dockerfile::outline(dockerfile::resolve(dockerfile::parse(text, "Dockerfile"), input), input, resolver);
  json args = json::array();
  for (const dockerfile::OutlineArg& arg : outline.args) {
    args.push_back({{"name", arg.name}, {"value", arg.value}, {"description", arg.description}});
  }
  return {{"name", outline.name},
          {"description", outline.description},
          {"args", sorted(args)},
          {"secrets", sources_of(outline.secrets)},
          {"ssh", sources_of(outline.ssh)}};
}

TEST(ConformanceCall, Outline) {
  auto rows = load("convert/call_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/call_oracle.json");
  Tally tally("call outline");
  for (const json& row : *rows) {
    if (row["call"] != "outline") continue;
    json got;
    try {
      got = outline_of(row["dockerfile"].get<std::string>());
    } catch (const base::Error& error) {
      got = {{"error", error.message()}};
    }
    json expected = row["expected"];
    bool error = expected.contains("error");
    if (!error) {
      for (const char* key : {"args", "secrets", "ssh"}) expected[key] = sorted(expected[key]);
    }
    tally.row(error ? got.contains("error") : got == expected, text_of(row["dockerfile"]) +
                                                                   "\n    expected " + text_of(expected) +
                                                                   "\n    got      " + text_of(got));
  }
  EXPECT_GE(tally.share(), 0.98);
}

}  // namespace
}  // namespace cooper::conformance
