// Reads the conformance data and counts what matches. The data belongs to others and is not part of this
// project; tests skip where it is absent.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace cooper::conformance {

inline std::string data_path(const std::string& name) {
  const char* given = std::getenv("COOPER_CONFORMANCE_DATA");
  return std::string(given != nullptr ? given : COOPER_CONFORMANCE_DATA_DEFAULT) + "/" + name;
}

inline std::optional<nlohmann::json> load(const std::string& name) {
  std::ifstream file(data_path(name));
  if (!file) return std::nullopt;
  return nlohmann::json::parse(file);
}

// Counts rows and prints the first that differ.
class Tally {
 public:
  explicit Tally(std::string set) : set_(std::move(set)) {}
  ~Tally() {
    std::cout << set_ << ": matched " << matched_ << " of " << total_ << "\n";
    for (const std::string& difference : differences_) std::cout << "  " << difference << "\n";
  }
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  void row(bool matches, const std::string& difference) {
    ++total_;
    if (matches) {
      ++matched_;
    } else if (differences_.size() < shown()) {
      differences_.push_back(difference.substr(0, 2000));
    }
  }

  int total() const { return total_; }
  int matched() const { return matched_; }
  double share() const { return total_ == 0 ? 0 : static_cast<double>(matched_) / total_; }

 private:
  static std::size_t shown() {
    const char* given = std::getenv("COOPER_CONFORMANCE_SHOW");
    return given != nullptr ? std::strtoul(given, nullptr, 10) : 5;
  }

  std::string set_;
  int total_ = 0;
  int matched_ = 0;
  std::vector<std::string> differences_;
};

}  // namespace cooper::conformance
