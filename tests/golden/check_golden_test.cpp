// What --call prints, as text and as JSON. A case has a file for each answer that it is about: check.txt,
// check.json, outline.txt and so on.
#include <gtest/gtest.h>

#include "base/error.h"
#include "build/call.h"
#include "golden/machine.h"
#include "os/fd.h"
#include "report/call.h"
#include "report/failure.h"
#include "support/golden.h"

namespace cooper::golden {
namespace {

std::optional<std::string> read_source(const std::string& path) {
  return os::read_file(path);
}

std::string failure(const base::Error& error) {
  return "--- error\n" + report::render_failure(error, nullptr, read_source, false);
}

std::string answer_as(const std::string& format, const build::CallAnswer& answer) {
  report::CallSource source{answer.filename, answer.text};
  bool json = format == ".json";
  if (const auto* check = std::get_if<dockerfile::CheckResult>(&answer.answer)) {
    if (json) return report::check_json(*check, source);
    return report::render_check(*check, source) + (check->error ? failure(*check->error) : "");
  }
  if (const auto* outline = std::get_if<dockerfile::Outline>(&answer.answer))
    return json ? report::outline_json(*outline, source) : report::render_outline(*outline);
  const auto& targets = std::get<std::vector<dockerfile::Target>>(answer.answer);
  return json ? report::targets_json(targets, source) : report::render_targets(targets);
}

const std::map<std::string, build::CallMethod> kMethods = {{"check", build::CallMethod::kCheck},
                                                           {"outline", build::CallMethod::kOutline},
                                                           {"targets", build::CallMethod::kTargets}};

std::string answer_of(const std::filesystem::path& folder, const std::filesystem::path& file) {
  Machine machine;
  try {
    build::BuildRequest request = enter_case(folder);
    return answer_as(file.extension(),
                     build::run_call(kMethods.at(file.stem()), request, machine.tools(), {}));
  } catch (const base::Error& error) {
    return failure(error);
  }
}

TEST(GoldenCheck, AnswersReadAsTheyShould) {
  for (const std::filesystem::path& folder : support::golden_cases(COOPER_GOLDEN_CASES)) {
    SCOPED_TRACE(folder.filename().string());
    int answers = 0;
    for (const auto& [method, _] : kMethods) {
      for (const char* format : {".txt", ".json"}) {
        std::filesystem::path file = folder / (method + format);
        if (!std::filesystem::exists(file)) continue;
        support::expect_golden(file, answer_of(folder, file));
        ++answers;
      }
    }
    EXPECT_GT(answers, 0) << "create the files of the answers that this case is about";
  }
  support::fail_if_updated();
}

}  // namespace
}  // namespace cooper::golden
