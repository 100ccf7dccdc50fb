#include "adapters/variables.h"

namespace cooper::adapters {

std::string Variables::get(const std::string& name) const {
  auto found = all_.find(name);
  if (found == all_.end() || found->second == "<nil>") return "";
  return found->second;
}

std::string Variables::first(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    if (std::string value = get(name); !value.empty()) return value;
  }
  return "";
}

}  // namespace cooper::adapters
