// What people read when a Dockerfile is wrong: the place, the line with a caret, the reason and a hint.
#include <gtest/gtest.h>
#include <map>

#include "base/error.h"
#include "build/build.h"
#include "golden/machine.h"
#include "os/fd.h"
#include "report/failure.h"
#include "support/golden.h"

namespace cooper::golden {
namespace {

std::optional<std::string> read_source(const std::string& path) {
  return os::read_file(path);
}

std::string failure_of(const std::filesystem::path& folder) {
  Machine machine;
  try {
    build::BuildRequest request = enter_case(folder);
    request.outputs = {{"cacheonly", {}}};
    build::run_build(request, machine.tools(), {});
  } catch (const base::Error& error) {
    return report::render_failure(error, nullptr, read_source, false) + "exit code " +
           std::to_string(error.exit_status()) + "\n";
  }
  return "no error\n";
}

TEST(GoldenErrors, ReadAsTheyShould) {
  auto cases = support::golden_cases(COOPER_GOLDEN_CASES);
  EXPECT_GE(cases.size(), 60U);
  for (const std::filesystem::path& folder : cases) {
    SCOPED_TRACE(folder.filename().string());
    std::string failure = failure_of(folder);
    EXPECT_NE(failure, "no error\n");
    support::expect_golden(folder / "expected", failure);
  }
  support::fail_if_updated();
}

// Cases whose error is not in the file.
const std::map<std::string, std::string> kWithoutPlace = {
    {"check_flag_unknown_option", "the flag is wrong"},
    {"empty_file", "there is no line"},
    {"foreign_frontend_flag", "the flag is wrong"},
    {"target_misspelt", "the flag is wrong"},
    {"target_number", "the flag is wrong"},
};

// Whatever else a case says: where, the line, a caret.
TEST(GoldenErrors, HavePlaceLineAndCaret) {
  for (const std::filesystem::path& folder : support::golden_cases(COOPER_GOLDEN_CASES)) {
    SCOPED_TRACE(folder.filename().string());
    std::string expected = support::read_golden(folder / "expected");
    bool has_place = kWithoutPlace.count(folder.filename().string()) == 0;
    auto has = [&](const char* pattern) { return testing::internal::RE::PartialMatch(expected, pattern); };
    EXPECT_EQ(has("\nerror: Dockerfile:[0-9]+:[0-9]+: "), has_place);
    EXPECT_EQ(has("\n +[0-9]+ . >>> .*\n     . +\t* *\\^\n"), has_place);
  }
}

}  // namespace
}  // namespace cooper::golden
