// Environments as the platforms give them, one folder <ci>/golden/<event>: `environment` (NAME=value lines),
// what it is read into (record.json), and the flags that come of it (options.txt), with nightly tags on.
#include "support/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sstream>

#include "adapters/record_json.h"
#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

namespace fs = std::filesystem;

Environment read_environment(const fs::path& file) {
  Environment environment;
  std::istringstream lines(support::read_golden(file));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) environment[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return environment;
}

std::string options_text(const std::vector<Option>& options) {
  std::string text;
  for (const Option& option : options)
    text += fmt::format("{} {}    # {}\n", option.flag, option.value, option.origin);
  return text;
}

TEST(AdaptersGolden, EnvironmentsAreReadAsTheyShould) {
  for (const auto& adapter : all_adapters()) {
    const fs::path folder = fs::path(COOPER_ADAPTER_CASES) / std::string(adapter->name()) / "golden";
    std::size_t cases = 0;
    for (const fs::path& one : support::golden_cases(folder)) {
      SCOPED_TRACE(one.string());
      ++cases;
      const Job job = job_of(read_environment(one / "environment"));
      EXPECT_EQ(choose_adapter("auto", job.variables), adapter.get());
      const Record record = adapter->read(job);
      support::expect_golden(one / "record.json", record_json(record));
      support::expect_golden(one / "options.txt", options_text(default_options(record, {.nightly = true})));
    }
    EXPECT_GE(cases, 5U) << folder;
  }
  support::fail_if_updated();
}

// Each in its own folder, so that a new platform cannot be forgotten.
TEST(AdaptersGolden, EveryPlatformHasTheCommonEvents) {
  for (const auto& adapter : all_adapters()) {
    for (const char* event : {"push", "tag", "change", "fork", "schedule"}) {
      const fs::path file =
          fs::path(COOPER_ADAPTER_CASES) / std::string(adapter->name()) / "golden" / event / "environment";
      EXPECT_TRUE(fs::exists(file)) << file;
    }
  }
}

}  // namespace
}  // namespace cooper::adapters
