// What moby/patternmatcher does with the patterns of its own tests and with thousands of generated ones.
#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "context/pattern_matcher.h"

namespace cooper::context {
namespace {

using Json = nlohmann::json;

// The data set, or null where it is not on this machine.
Json load(const std::string& name) {
  const char* folder = std::getenv("COOPER_CONFORMANCE_DATA");
  const std::filesystem::path path =
      std::filesystem::path(folder != nullptr ? folder : COOPER_CONFORMANCE_DATA_DEFAULT) / "patternmatcher" /
      name;
  std::ifstream file(path);
  return file ? Json::parse(file) : Json();
}

// Counts rows and shows the first that differ.
class Tally {
 public:
  explicit Tally(std::string set) : set_(std::move(set)) {}
  ~Tally() { fmt::print("{}: matched {} of {}\n", set_, matched_, total_); }

  void row(bool same, const std::string& what) {
    ++total_;
    if (same) {
      ++matched_;
    } else if (++shown_ <= 10) {
      ADD_FAILURE() << set_ << ": " << what;
    }
  }

 private:
  std::string set_;
  int total_ = 0;
  int matched_ = 0;
  int shown_ = 0;
};

std::vector<std::string> strings(const Json& list) {
  return list.is_null() ? std::vector<std::string>{} : list.get<std::vector<std::string>>();
}

std::string describe(const Json& row) {
  return row.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TEST(PatternMatcherConformance, Table) {
  const Json data = load("table.json");
  if (data.is_null()) GTEST_SKIP() << "no conformance data; set COOPER_CONFORMANCE_DATA";
  Tally matches("patternmatcher/table.json matches_or_parent");
  for (const Json& row : data.at("matches_or_parent")) {
    const PatternMatcher matcher(strings(row.at("patterns")));
    const bool actual = matcher.matches_or_parent_matches(row.at("path").get<std::string>());
    matches.row(actual == row.at("match").get<bool>(), describe(row));
  }
  Tally globs("patternmatcher/table.json filepath_match");
  for (const Json& row : data.at("filepath_match")) {
    bool matched = false;
    bool failed = false;
    try {
      matched = filepath_match(row.at("pattern").get<std::string>(), row.at("s").get<std::string>());
    } catch (const base::Error&) {
      failed = true;
    }
    globs.row(failed == row.at("error").get<bool>() && matched == row.at("match").get<bool>(), describe(row));
  }
}

// The answer for one path: true, false, or "error".
Json answer(const PatternMatcher& matcher, const std::string& path) {
  try {
    return matcher.matches_or_parent_matches(path);
  } catch (const base::Error&) {
    return "error";
  }
}

// As the reference records it, with the wording of errors left out.
Json without_wording(Json matches) {
  for (Json& match : matches) {
    if (match.is_string()) match = "error";
  }
  return matches;
}

Json evaluate(const Json& row) {
  Json actual;
  try {
    const PatternMatcher matcher(strings(row.at("patterns")));
    actual["exclusions"] = matcher.has_exclusions();
    actual["matches"] = Json::array();
    for (const std::string& path : strings(row.value("paths", Json()))) {
      actual["matches"].push_back(answer(matcher, path));
    }
  } catch (const base::Error&) {
    return {{"error", true}};
  }
  return actual;
}

TEST(PatternMatcherConformance, Oracle) {
  const Json data = load("oracle.json");
  if (data.is_null()) GTEST_SKIP() << "no conformance data; set COOPER_CONFORMANCE_DATA";
  Tally tally("patternmatcher/oracle.json");
  for (const Json& row : data) {
    const Json actual = evaluate(row);
    if (row.contains("error")) {
      tally.row(actual.contains("error"), describe(row));
      continue;
    }
    const bool same = !actual.contains("error") &&
                      actual.at("matches") == without_wording(row.at("matches")) &&
                      actual.at("exclusions") == row.at("exclusions");
    tally.row(same, describe(row) + " gave " + describe(actual));
  }
}

TEST(PatternMatcherConformance, IgnoreFile) {
  const Json data = load("ignorefile.json");
  if (data.is_null()) GTEST_SKIP() << "no conformance data; set COOPER_CONFORMANCE_DATA";
  Tally tally("patternmatcher/ignorefile.json");
  for (const Json& row : data) {
    tally.row(read_ignore_file(row.at("text").get<std::string>()) == strings(row.at("patterns")),
              describe(row));
  }
}

}  // namespace
}  // namespace cooper::context
