// One test per scenario, named after it, registered from the data. Prints per set how many rows match.
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <memory>

#include "../conformance_data.h"
#include "known.h"
#include "runner.h"
#include "scenario.h"
#include "workshop.h"

namespace cooper::conformance {
namespace {

// Made when the first scenario runs, and ended with the process.
std::unique_ptr<Workshop>& the_workshop() {
  static std::unique_ptr<Workshop> workshop;
  return workshop;
}

std::map<std::string, std::unique_ptr<Tally>>& tallies() {
  static std::map<std::string, std::unique_ptr<Tally>> by_set;
  return by_set;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n    " + line;
  return text;
}

class ScenarioTest : public ::testing::Test {
 public:
  explicit ScenarioTest(Scenario scenario) : scenario_(std::move(scenario)) {}

  void TestBody() override {
    if (std::string reason = Workshop::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
    if (the_workshop() == nullptr) the_workshop() = std::make_unique<Workshop>();
    Outcome outcome = play(scenario_, *the_workshop());
    for (const std::string& row : scenario_.rows) judge(row, outcome);
  }

 private:
  void judge(const std::string& row, const Outcome& outcome) const {
    std::vector<std::string> differences;
    if (auto found = outcome.differences.find(row); found != outcome.differences.end())
      differences = found->second;
    if (auto found = outcome.not_played.find(row); found != outcome.not_played.end())
      differences.push_back("not played: " + found->second);
    std::unique_ptr<Tally>& tally = tallies()[scenario_.set];
    if (tally == nullptr) tally = std::make_unique<Tally>(scenario_.set);
    std::optional<std::string> reason = left_out(row);
    tally->row(differences.empty(),
               row + (reason ? " (left out: " + *reason + ")" : std::string()) + joined(differences));
    if (reason && differences.empty()) std::cout << row << " is left out, but matches\n";
    if (!reason && !differences.empty()) ADD_FAILURE() << row << joined(differences);
  }

  Scenario scenario_;
};

class NoData : public ::testing::Test {
 public:
  void TestBody() override {
    GTEST_SKIP() << "no " << data_path("dockerfile_integration/simple_builds.json");
  }
};

void register_tests() {
  std::vector<Scenario> scenarios = load_scenarios();
  for (const Scenario& scenario : scenarios) {
    ::testing::RegisterTest(scenario.set.c_str(), scenario.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [scenario]() -> ::testing::Test* { return new ScenarioTest(scenario); });
  }
  if (scenarios.empty()) {
    ::testing::RegisterTest("Integration", "Data", nullptr, nullptr, __FILE__, __LINE__,
                            []() -> ::testing::Test* { return new NoData; });
  }
}

}  // namespace
}  // namespace cooper::conformance

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  cooper::conformance::register_tests();
  int result = RUN_ALL_TESTS();
  cooper::conformance::tallies().clear();
  cooper::conformance::the_workshop().reset();
  return result;
}
