#include "adapters/merge.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace cooper::adapters {

namespace {

// What tells two values of a flag apart: the name before '=', or the id of a secret.
const std::set<std::string, std::less<>> kNamed = {"--build-arg", "--label", "--annotation",
                                                   "--build-context", "--add-host"};
const std::set<std::string, std::less<>> kIdentified = {"--secret", "--ssh"};

std::string key_of(const Option& option) {
  if (kNamed.contains(option.flag)) return option.value.substr(0, option.value.find_first_of("=:"));
  if (!kIdentified.contains(option.flag)) return "";
  const std::size_t id = option.value.find("id=");
  const std::size_t begin = id == std::string::npos ? 0 : id + 3;
  return option.value.substr(begin, option.value.find_first_of(",=", begin) - begin);
}

}  // namespace

bool has_keys(const std::string& flag) {
  return kNamed.contains(flag) || kIdentified.contains(flag);
}

std::vector<Option> merge_options(const std::vector<std::vector<Option>>& sources) {
  std::vector<Option> merged;
  std::set<std::string> settled;                        // flags that a stronger source has given
  std::set<std::pair<std::string, std::string>> named;  // flag and key
  for (const std::vector<Option>& source : sources) {
    std::set<std::string> here;
    for (const Option& option : source) {
      if (has_keys(option.flag)) {
        if (named.emplace(option.flag, key_of(option)).second) merged.push_back(option);
      } else if (!settled.contains(option.flag)) {
        here.insert(option.flag);
        if (!option.value.empty()) merged.push_back(option);
      }
    }
    settled.merge(here);
  }
  return merged;
}

}  // namespace cooper::adapters
