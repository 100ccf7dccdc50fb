// Golden cases: a folder each, with what goes in and, in files beside it, what must come out.
//
// UPDATE_GOLDEN=1 rewrites what must come out, and the run fails, so that nobody takes it for a test.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <vector>

namespace cooper::support {

inline bool updates_golden() {
  return std::getenv("UPDATE_GOLDEN") != nullptr;
}

// The folders below `directory`, by name.
inline std::vector<std::filesystem::path> golden_cases(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_directory()) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

// "" when there is no such file.
inline std::string read_golden(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void expect_golden(const std::filesystem::path& file, const std::string& actual) {
  if (updates_golden()) {
    std::ofstream(file, std::ios::binary) << actual;
    return;
  }
  EXPECT_TRUE(std::filesystem::exists(file)) << file << " is missing: run with UPDATE_GOLDEN=1 to write it";
  EXPECT_EQ(read_golden(file), actual) << "in " << file;
}

// For the end of a run.
inline void fail_if_updated() {
  if (updates_golden())
    ADD_FAILURE() << "golden files were rewritten: look at what changed, then run without UPDATE_GOLDEN";
}

}  // namespace cooper::support
