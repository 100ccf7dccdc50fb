// The "--name[=value]" words of one instruction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::dockerfile {

class FlagSet {
 public:
  enum class Kind { kBool, kString, kStrings };

  FlagSet& declare(std::string name, Kind kind);
  // Throws Error{kDockerfile} for an unknown, repeated or incomplete flag.
  void parse(const std::vector<std::string>& words);

  std::string string(std::string_view name) const;
  std::vector<std::string> strings(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const;  // nullopt: not given
  std::vector<std::string> used() const;                     // sorted

 private:
  struct Flag {
    std::string name;
    Kind kind = Kind::kString;
    bool used = false;
    std::vector<std::string> values;
  };
  const Flag& find(std::string_view name) const;
  Flag& find_declared(const std::string& name);
  static void set_bool(Flag& flag, bool has_value, const std::string& value);

  std::vector<Flag> flags_;
};

}  // namespace cooper::dockerfile
