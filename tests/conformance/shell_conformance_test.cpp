#include <gtest/gtest.h>

#include "base/error.h"
#include "conformance_data.h"
#include "dockerfile/shell_word.h"

namespace cooper::conformance {
namespace {

using dockerfile::Environment;
using dockerfile::WordOptions;
using dockerfile::WordResult;
using nlohmann::json;

Environment environment_of(const json& given) {
  Environment environment;
  if (given.is_object()) {
    for (const auto& [name, value] : given.items()) environment.set(name, value.get<std::string>());
  } else if (given.is_array()) {
    for (const auto& assignment : given) {
      auto [name, value] = dockerfile::split_assignment(assignment.get<std::string>());
      environment.set(name, value);
    }
  }
  return environment;
}

struct Outcome {
  bool failed = false;
  std::string message;
  WordResult result;
};

Outcome run(const std::string& word, const json& environment, const WordOptions& options) {
  Outcome outcome;
  try {
    outcome.result = dockerfile::expand(word, environment_of(environment), options);
  } catch (const base::Error& error) {
    outcome.failed = true;
    outcome.message = error.message();
  }
  return outcome;
}

std::string shown(const json& row, const Outcome& outcome) {
  json got = {{"failed", outcome.failed},          {"message", outcome.message},
              {"word", outcome.result.word},       {"words", outcome.result.words},
              {"matched", outcome.result.matched}, {"unmatched", outcome.result.unmatched}};
  return row.dump() + "\n    got " + got.dump(-1, ' ', false, json::error_handler_t::replace);
}

TEST(ConformanceShell, ProcessWord) {
  auto rows = load("shell/process_word.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("shell/process_word.json");
  Tally tally("shell/process_word");
  for (const json& row : *rows) {
    Outcome outcome = run(row["word"], row["env"], {});
    bool error = row.value("error", false);
    tally.row(outcome.failed == error && (error || outcome.result.word == row["expected"]),
              shown(row, outcome));
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

TEST(ConformanceShell, ProcessWords) {
  auto rows = load("shell/process_words.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("shell/process_words.json");
  Tally tally("shell/process_words");
  for (const json& row : *rows) {
    Outcome outcome = run(row["word"], row["env"], {});
    bool error = row.value("error", false);
    tally.row(outcome.failed == error && (error || outcome.result.words == row["expected"]),
              shown(row, outcome));
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

TEST(ConformanceShell, WithMatches) {
  auto rows = load("shell/with_matches.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("shell/with_matches.json");
  Tally tally("shell/with_matches");
  for (const json& row : *rows) {
    Outcome outcome = run(row["word"], row["env"], {});
    bool error = row.value("error", false);
    bool same = outcome.failed == error && (error || (outcome.result.word == row["expected"] &&
                                                      outcome.result.matched == row["matched"] &&
                                                      outcome.result.unmatched == row["unmatched"]));
    tally.row(same, shown(row, outcome));
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

TEST(ConformanceShell, LexReference) {
  auto rows = load("shell/lex_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("shell/lex_oracle.json");
  Tally tally("shell/lex_oracle");
  for (const json& row : *rows) {
    WordOptions options;
    options.escape = row.value("Escape", std::string("\\"))[0];
    options.raw_quotes = row.value("RawQuotes", false);
    options.raw_escapes = row.value("RawEscapes", false);
    options.skip_quotes = row.value("SkipQuotes", false);
    options.skip_unset = row.value("SkipUnset", false);
    Outcome outcome = run(row["Word"], row["Env"], options);
    const json& expected = row["expected"];
    bool error = expected.contains("error");
    bool same = outcome.failed == error;
    if (same && !error) {
      json words = expected["words"].is_null() ? json::array() : expected["words"];
      same = outcome.result.word == expected["word"] && json(outcome.result.words) == words &&
             json(outcome.result.matched) == expected["matched"] &&
             json(outcome.result.unmatched) == expected["unmatched"];
    }
    tally.row(same, shown(row, outcome));
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

}  // namespace
}  // namespace cooper::conformance
