// Variables come from whoever opened a request: whatever is in one, the answer is a record whose flags are
// valid and each in one line, or a refusal that names the variable.
#include <algorithm>
#include <gmock/gmock.h>
#include <sstream>

#include "adapters/record_json.h"
#include "cli/flag_values.h"
#include "oci/reference.h"
#include "support/adapter_job.h"
#include "support/golden.h"

namespace cooper::adapters {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::vector<std::string> kValues = {"a\nCOOPER_X=1",
                                          std::string("\0x", 2),
                                          "\xff\xfe",
                                          "$(id)",
                                          "a,dest=/etc,type=local",
                                          "\"",
                                          "' ; rm -rf /",
                                          "../../etc",
                                          "-",
                                          "--push",
                                          "0",
                                          "-1",
                                          "18446744073709551616",
                                          "true",
                                          "refs/heads/",
                                          "refs/tags/^{}",
                                          "arn:::::::",
                                          "https://",
                                          "https://[::1",
                                          "git@:",
                                          "~",
                                          "/",
                                          "latest",
                                          std::string(40, 'f'),
                                          std::string(70000, 'a')};

bool is_one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

void expect_valid(const Option& option) {
  EXPECT_TRUE(is_one_line(option.value)) << option.flag;
  if (option.flag == "--tag") {
    EXPECT_NO_THROW(oci::Reference::parse(option.value));
  } else if (option.flag == "--annotation") {
    EXPECT_EQ(cli::parse_annotation(option.value).size(), 1U);
  } else if (option.flag == "--cache-from" || option.flag == "--cache-to") {
    const auto place = cli::parse_cache_place(option.value, option.flag);
    ASSERT_TRUE(place);
    EXPECT_TRUE(place->type == "registry" || place->type == "local" || place->type == "gcs") << option.value;
  }
}

void try_environment(const Adapter& adapter, const Environment& environment, const std::string& changed) {
  const Job job = job_of(environment);
  try {
    const Record record = adapter.read(job);
    EXPECT_NO_THROW(record_json(record));
    for (const Option& option : default_options(record, {})) expect_valid(option);
    for (const Option& option : adapter.own_cache(job, record)) expect_valid(option);
    adapter.outputs(job, record, results_of({image_result()}));
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_TRUE(is_one_line(error.message())) << error.message();
    EXPECT_LT(error.message().size(), 400U);
    // The variable, or the one whose meaning it completes.
    EXPECT_THAT(error.hint(), HasSubstr("look for ")) << changed;
  }
}

TEST(AdaptersHostile, AnyValueOfAnyVariable) {
  for (const auto& adapter : all_adapters()) {
    const fs::path folder = fs::path(COOPER_ADAPTER_CASES) / std::string(adapter->name()) / "golden";
    for (const fs::path& one : support::golden_cases(folder)) {
      std::istringstream lines(support::read_golden(one / "environment"));
      Environment environment;
      for (std::string line; std::getline(lines, line);)
        environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
      for (const auto& [name, usual] : environment) {
        for (const std::string& value : kValues) {
          SCOPED_TRACE(one.string() + " " + name + "=" + value.substr(0, 40));
          Environment changed = environment;
          changed[name] = value;
          try_environment(*adapter, changed, name);
        }
      }
    }
  }
}

}  // namespace
}  // namespace cooper::adapters
