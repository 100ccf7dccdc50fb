// The process environment and file system as the command line sees them: read once, handed down as values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cooper::cli {

class Environment {
 public:
  explicit Environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}
  static Environment of_process();

  // nullopt when unset; an empty value counts as set.
  std::optional<std::string> find(const std::string& name) const;
  std::string get(const std::string& name, std::string otherwise = "") const;
  const std::map<std::string, std::string>& variables() const { return variables_; }

  std::string home() const;           // $HOME, else "/"
  std::string default_store() const;  // $COOPER_STORE, $XDG_CACHE_HOME/cooper, ~/.cache/cooper

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace cooper::cli
