// A job's environment as adapters read it: a variable that is empty, or CircleCI's "<nil>", is absent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cooper::adapters {

class Variables {
 public:
  explicit Variables(std::map<std::string, std::string> all) : all_(std::move(all)) {}

  // "" when it is absent.
  std::string get(const std::string& name) const;
  bool has(const std::string& name) const { return !get(name).empty(); }
  // The first of `names` that is there.
  std::string first(const std::vector<std::string>& names) const;
  bool is_true(const std::string& name) const { return get(name) == "true"; }
  const std::map<std::string, std::string>& all() const { return all_; }

 private:
  std::map<std::string, std::string> all_;
};

}  // namespace cooper::adapters
