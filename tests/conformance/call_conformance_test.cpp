// What --call answers as JSON, against what BuildKit's requests answered: the same fields, in the same order.
#include <gtest/gtest.h>

#include "base/error.h"
#include "conformance_data.h"
#include "dockerfile/frontend.h"
#include "dockerfile/outline.h"
#include "report/call.h"
#include "stand_in_resolver.h"

namespace cooper::conformance {
namespace {

using nlohmann::json;

// Rows that are not matched, each with the reason.
struct KnownDifference {
  std::string call;
  std::string part;  // of the row's Dockerfile
  std::string reason;
};
const std::vector<KnownDifference> kKnown = {
    {"outline", "FROM nano$a2 AS build",
     "the order of the ARGs of one line is not defined there; ours is the file's"},
    {"lint", "# check=skip=<checks|all>\n# check=error=<boolean>\n",
     "of a directive that is given twice we show the second, the reference the first"},
};

bool is_known(const std::string& call, const std::string& dockerfile) {
  return std::any_of(kKnown.begin(), kKnown.end(), [&](const KnownDifference& known) {
    return known.call == call && dockerfile.find(known.part) != std::string::npos;
  });
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

dockerfile::FrontendInput input() {
  dockerfile::FrontendInput input;
  input.build_platform = oci::parse_platform("linux/amd64");
  return input;
}

// The reference's error as far as it is compared: that there is one, and its line.
json without_wording(json expected) {
  if (expected.contains("error")) return {{"error", true}};
  if (expected.contains("build_error")) expected["build_error"].erase("message");
  return expected;
}

// The rows of one call, each given to `answer`, which makes of a Dockerfile what the reference's row holds.
template <typename Answer>
void compare(const std::string& call, Answer answer) {
  auto rows = load("convert/call_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/call_oracle.json");
  Tally tally("call " + call);
  for (const json& row : *rows) {
    if (row["call"] != call) continue;
    json expected = without_wording(row["expected"]);
    json got;
    std::string message;
    try {
      got = answer(row["dockerfile"].get<std::string>());
    } catch (const base::Error& error) {
      got = {{"error", true}};
      message = error.render();
    }
    // We name a line where the reference has none.
    if (expected.contains("build_error") && expected["build_error"]["line"] == 0 &&
        got.contains("build_error"))
      got["build_error"]["line"] = 0;
    if (is_known(call, row["dockerfile"])) {
      EXPECT_NE(got, expected) << "is matched now: take it from the list";
      continue;
    }
    tally.row(got == expected, text_of(row["dockerfile"]) + "\n    expected " + text_of(row["expected"]) +
                                   "\n    got      " + text_of(got) + message);
  }
  EXPECT_GT(tally.total(), 0);
  EXPECT_EQ(tally.matched(), tally.total());
}

json strings_of(const json& item, std::initializer_list<const char*> keys) {
  json found = json::object();
  for (const char* key : keys) found[key] = item.value(key, "");
  return found;
}

TEST(ConformanceCall, Targets) {
  compare("targets", [](const std::string& text) {
    auto targets = dockerfile::list_targets(dockerfile::parse(text, "Dockerfile"));
    json answer = json::parse(report::targets_json(targets, {"Dockerfile", text}));
    json list = json::array();
    for (const json& target : answer["targets"]) {
      json item = strings_of(target, {"name", "description", "base", "platform"});
      item["default"] = target.value("default", false);
      list.push_back(item);
    }
    return json{{"targets", list}};
  });
}

json needs_of(const json& answer, const char* key) {
  json list = json::array();
  json needs = answer.value(key, json::array());
  for (const json& need : needs)
    list.push_back({{"name", need["name"]}, {"required", need.value("required", false)}});
  return list;
}

TEST(ConformanceCall, Outline) {
  compare("outline", [](const std::string& text) {
    StandInResolver resolver;
    dockerfile::FrontendInput given = input();
    dockerfile::Plan plan = dockerfile::resolve(dockerfile::parse(text, "Dockerfile"), given);
    json answer =
        json::parse(report::outline_json(dockerfile::outline(plan, given, resolver), {"Dockerfile", text}));
    json outline = strings_of(answer, {"name", "description"});
    outline["args"] = json::array();
    json args = answer.value("args", json::array());
    for (const json& arg : args) outline["args"].push_back(strings_of(arg, {"name", "value", "description"}));
    outline["secrets"] = needs_of(answer, "secrets");
    outline["ssh"] = needs_of(answer, "ssh");
    return outline;
  });
}

int line_of(const json& location) {
  return location.contains("ranges") ? location["ranges"][0]["start"]["line"].get<int>() : 0;
}

json check_of(const std::string& text) {
  StandInResolver resolver;
  dockerfile::CheckResult result = dockerfile::check(text, "Dockerfile", input(), resolver);
  return json::parse(report::check_json(result, {"Dockerfile", text}));
}

TEST(ConformanceCall, Lint) {
  compare("lint", [](const std::string& text) {
    json answer = check_of(text);
    json warnings = json::array();
    for (const json& warning : answer["warnings"]) {
      warnings.push_back({{"rule", warning["ruleName"]},
                          {"detail", warning.value("detail", "")},
                          {"line", line_of(warning["location"])}});
    }
    json found = {{"warnings", warnings}};
    if (answer.contains("buildError"))
      found["build_error"]["line"] = line_of(answer["buildError"]["location"]);
    return found;
  });
}

}  // namespace
}  // namespace cooper::conformance
