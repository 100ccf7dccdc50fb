#include "cli/kaniko_arguments.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/flag_values.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

std::string spelled(const KanikoFlag& flag) {
  return fmt::format("--{}", flag.name);
}

class Parser {
 public:
  Parser(const KanikoFlagTable& table, const Environment& environment)
      : table_(table), environment_(environment) {}

  KanikoArguments parse(const std::vector<std::string>& arguments) {
    for (next_ = arguments.begin(), end_ = arguments.end(); next_ != end_;) take(*next_++);
    for (const KanikoFlag& flag : table_) {
      const bool is_open = flag.kind == KanikoKind::kList || !given_.contains(&flag);
      if (!flag.variable.empty() && is_open) read_variable(flag);
    }
    return std::move(made_);
  }

 private:
  void take(const std::string& word) {
    if (word == "--") {
      made_.words.insert(made_.words.end(), next_, end_);
      next_ = end_;
    } else if (word.starts_with("--")) {
      take_long(word.substr(2));
    } else if (word.size() > 1 && word.front() == '-') {
      take_letters(word.substr(1));
    } else {
      made_.words.push_back(word);
    }
  }

  void take_long(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (name == "help") {
      made_.wants_help = true;
      return;
    }
    const auto found = std::find_if(table_.begin(), table_.end(), [&](const KanikoFlag& flag) {
      return flag.name == name || (!flag.old_name.empty() && flag.old_name == name);
    });
    if (found == table_.end()) unknown("--" + name);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = text.substr(equals + 1);
    take_value(*found, "--" + name, value);
  }

  // Several switches may share one dash; the first that takes a value has the rest of the word as its value.
  void take_letters(const std::string& letters) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const std::string shown = fmt::format("-{}", letters[i]);
      const auto found = std::find_if(table_.begin(), table_.end(),
                                      [&](const KanikoFlag& flag) { return flag.letter == letters[i]; });
      if (found == table_.end() && letters[i] == 'h') {
        made_.wants_help = true;
        continue;
      }
      if (found == table_.end()) unknown(shown);
      const std::string rest = letters.substr(i + 1);
      const bool has_equals = !rest.empty() && rest.front() == '=';
      if (has_equals) return take_value(*found, shown, rest.substr(1));
      if (found->kind != KanikoKind::kSwitch)
        return take_value(*found, shown, rest.empty() ? std::nullopt : std::optional(rest));
      take_value(*found, shown, std::nullopt);
    }
  }

  void take_value(const KanikoFlag& flag, const std::string& shown, std::optional<std::string> value) {
    if (flag.kind == KanikoKind::kSwitch) {
      value = parse_bool(value.value_or("true"), shown) ? "true" : "false";
    } else if (!value) {
      if (next_ == end_)
        throw Error(ErrorKind::kUsage, fmt::format("{} needs a value", shown))
            .hint(fmt::format("write {}=VALUE", spelled(flag)));
      value = *next_++;
    }
    given_.insert(&flag);
    settle(flag, shown, *value);
  }

  void read_variable(const KanikoFlag& flag) {
    const std::string name(flag.variable);
    const auto value = environment_.find(name);
    if (!value || value->empty()) return;
    const bool is_switch = flag.kind == KanikoKind::kSwitch;
    settle(flag, name, is_switch ? (parse_bool(*value, name) ? "true" : "false") : *value);
  }

  void settle(const KanikoFlag& flag, const std::string& shown, const std::string& value) {
    const bool is_off = flag.kind == KanikoKind::kSwitch && value == "false";
    if (flag.effect == KanikoEffect::kRefused && !is_off) {
      throw Error(ErrorKind::kUnsupported, fmt::format("{} is not possible here", shown))
          .hint(std::string(flag.meaning));
    }
    if (flag.effect == KanikoEffect::kNoMeaning) note(shown);
    if (flag.apply == nullptr) return;
    try {
      flag.apply(value, made_.settings);
    } catch (Error& error) {
      throw error.context(shown);
    }
  }

  void note(const std::string& shown) {
    std::vector<std::string>& names = made_.settings.without_meaning;
    if (std::find(names.begin(), names.end(), shown) == names.end()) names.push_back(shown);
  }

  [[noreturn]] void unknown(const std::string& shown) const {
    std::vector<std::string> names;
    for (const KanikoFlag& flag : table_) names.push_back(spelled(flag));
    const std::string near = base::nearest(shown, names);
    throw Error(ErrorKind::kUsage, fmt::format("unknown flag '{}'", shown))
        .hint(near.empty() ? "see --help" : fmt::format("did you mean '{}'?", near));
  }

  const KanikoFlagTable& table_;
  const Environment& environment_;
  std::vector<std::string>::const_iterator next_;
  std::vector<std::string>::const_iterator end_;
  std::set<const KanikoFlag*> given_;
  KanikoArguments made_;
};

}  // namespace

KanikoArguments parse_kaniko_arguments(const std::vector<std::string>& arguments,
                                       const KanikoFlagTable& table, const Environment& environment) {
  return Parser(table, environment).parse(arguments);
}

}  // namespace cooper::cli
