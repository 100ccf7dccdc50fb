#include "cli/environment.h"

#include <unistd.h>

namespace cooper::cli {

Environment Environment::of_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text(*entry);
    std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

std::optional<std::string> Environment::find(const std::string& name) const {
  auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

std::string Environment::get(const std::string& name, std::string otherwise) const {
  return find(name).value_or(std::move(otherwise));
}

std::string Environment::home() const {
  return get("HOME", "/");
}

std::string Environment::default_store() const {
  if (auto store = find("COOPER_STORE"); store && !store->empty()) return *store;
  if (auto cache = find("XDG_CACHE_HOME"); cache && !cache->empty()) return *cache + "/cooper";
  return home() + "/.cache/cooper";
}

}  // namespace cooper::cli
