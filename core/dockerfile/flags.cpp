#include "dockerfile/flags.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

}  // namespace

FlagSet& FlagSet::declare(std::string name, Kind kind) {
  flags_.push_back({std::move(name), kind, false, {}});
  return *this;
}

FlagSet::Flag& FlagSet::find_declared(const std::string& name) {
  std::vector<std::string> names;
  for (Flag& flag : flags_) {
    if (flag.name == name) return flag;
    names.push_back(flag.name);
  }
  base::Error error = failure(fmt::format("unknown flag '--{}'", name));
  std::string near = suggest(name, names, true);
  if (!near.empty()) error.hint(fmt::format("did you mean '--{}'?", near));
  throw error;
}

void FlagSet::set_bool(Flag& flag, bool has_value, const std::string& value) {
  if (has_value && value.empty())
    throw failure(fmt::format("flag '--{}=' has an empty value", flag.name)).hint("write true or false");
  std::string lower = base::to_lower(value);
  if (!lower.empty() && lower != "true" && lower != "false") {
    throw failure(fmt::format("flag '--{}={}' is neither true nor false", flag.name, value));
  }
  flag.values = {lower.empty() ? "true" : lower};
}

void FlagSet::parse(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.substr(0, 2) != "--") throw failure(fmt::format("flag '{}' does not start with '--'", word));
    if (word == "--") return;
    std::size_t equals = word.find('=');
    bool has_value = equals != std::string::npos;
    Flag& flag = find_declared(word.substr(2, has_value ? equals - 2 : std::string::npos));
    std::string value = has_value ? word.substr(equals + 1) : "";
    if (flag.used && flag.kind != Kind::kStrings)
      throw failure(fmt::format("flag '{}' repeats --{}", word, flag.name)).hint("give it once");
    flag.used = true;
    if (flag.kind == Kind::kBool) {
      set_bool(flag, has_value, value);
      continue;
    }
    if (!has_value) {
      throw failure(fmt::format("flag '--{}' needs a value", flag.name))
          .hint(fmt::format("write it as --{}=value", flag.name));
    }
    flag.values.push_back(value);
  }
}

const FlagSet::Flag& FlagSet::find(std::string_view name) const {
  return *std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name; });
}

std::string FlagSet::string(std::string_view name) const {
  const Flag& flag = find(name);
  return flag.values.empty() ? "" : flag.values.front();
}

std::vector<std::string> FlagSet::strings(std::string_view name) const {
  return find(name).values;
}

std::optional<bool> FlagSet::boolean(std::string_view name) const {
  const Flag& flag = find(name);
  if (flag.values.empty()) return std::nullopt;
  return flag.values.front() == "true";
}

std::vector<std::string> FlagSet::used() const {
  std::vector<std::string> names;
  for (const Flag& flag : flags_) {
    if (flag.used) names.push_back(flag.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cooper::dockerfile
