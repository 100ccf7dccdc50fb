#include "scenario.h"

#include <map>
#include <optional>
#include <set>

#include "../conformance_data.h"

namespace cooper::conformance {
namespace {

using nlohmann::json;

constexpr const char* kFolder = "dockerfile_integration/";

const json* step_with_id(const json& steps, const char* kind, const std::string& id) {
  for (const json& step : steps) {
    if (step["step"] == kind && step.value("id", "") == id) return &step;
  }
  return nullptr;
}

// Steps that a single build needs and does not carry itself.
void add_fixtures(const json& test_case, const std::string& build_id, Scenario& scenario, json& build) {
  for (const json& step : test_case["steps"]) {
    if (step["step"] == "httpserver" || step["step"] == "fileserver") scenario.steps.push_back(step);
  }
  const json* original = step_with_id(test_case["steps"], "build", build_id);
  if (original == nullptr) return;
  for (const auto& [local, id] : (*original)["locals"].items()) {
    if (local == "context" || local == "dockerfile") continue;
    if (const json* context = step_with_id(test_case["steps"], "context", id)) {
      scenario.steps.push_back(*context);
      build["locals"][local] = id;
    }
  }
}

// A row has the checks of all subtests that wrote the same file: then "expected" becomes their list.
std::vector<json> checks_of(const json& row) {
  std::map<std::string, json> by_subject;
  for (const json& check : row["expect"]["files"]) {
    json subject = check;
    subject.erase("expected");
    json& merged = by_subject.emplace(subject.dump(), subject).first->second;
    if (check.contains("expected")) merged["expected"].push_back(check["expected"]);
  }
  std::vector<json> checks;
  for (auto& [subject, check] : by_subject) checks.push_back(std::move(check));
  return checks;
}

void add_row(const json& row, const std::map<std::string, json>& cases, Scenario& scenario) {
  std::string name = row["name"];
  std::string build_id = name.substr(name.find('#') + 1);
  std::string context = "row-" + build_id;
  json build = {{"step", "build"},
                {"id", build_id},
                {"row", name},
                {"locals", {{"context", context}, {"dockerfile", context}}},
                {"attrs", row["frontend_attrs"]},
                {"cli_flags", row["cli_flags"]},
                {"exports", row["exports"]},
                {"golden", row["expect"]}};
  if (!row["secrets"].is_null()) build["secrets"] = row["secrets"];
  if (auto found = cases.find(scenario.name); found != cases.end())
    add_fixtures(found->second, build_id, scenario, build);
  scenario.steps.push_back({{"step", "context"}, {"id", context}, {"entries", row["context"]}});
  scenario.steps.push_back(std::move(build));
  for (json& check : checks_of(row)) {
    check["step"] = "assert";
    check["row"] = name;
    scenario.steps.push_back(std::move(check));
  }
  scenario.rows.push_back(name);
}

std::vector<Scenario> simple_builds(const json& rows, const std::map<std::string, json>& cases) {
  std::vector<Scenario> scenarios;
  for (const json& row : rows) {
    std::string name = row["name"];
    std::string test = name.substr(0, name.find('#'));
    if (scenarios.empty() || scenarios.back().name != test)
      scenarios.push_back({"SimpleBuilds", test, {}, {}});
    add_row(row, cases, scenarios.back());
  }
  return scenarios;
}

}  // namespace

std::vector<Scenario> load_scenarios() {
  std::optional<json> rows = load(std::string(kFolder) + "simple_builds.json");
  std::optional<json> cases = load(std::string(kFolder) + "cases.json");
  std::map<std::string, json> by_name;
  std::vector<Scenario> scenarios;
  if (cases) {
    for (const json& test_case : *cases) by_name[test_case["name"]] = test_case;
  }
  if (rows) scenarios = simple_builds(*rows, by_name);
  for (const auto& [name, test_case] : by_name) {
    if (test_case["tier"] == "C") continue;
    scenarios.push_back({"Cases", name, test_case["steps"].get<std::vector<json>>(), {name}});
  }
  return scenarios;
}

}  // namespace cooper::conformance
