// One flag of Kaniko's: how it is written, and what it does here.
//
// Tables of these are all that is known of the flags: the parser, the help, docs/kaniko-flags.md and the
// tests read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/kaniko_settings.h"

namespace cooper::cli {

enum class KanikoKind {
  kText,    // takes a value; the last one counts
  kList,    // takes a value; all count
  kSwitch,  // takes none, or =true, =false
};

enum class KanikoEffect {
  kHonoured,
  kNoMeaning,  // what it is about is so in any case, or does not exist here: accepted, and said in the log
  kRefused,    // it would change the result and is not possible here; a switch only when it is switched on
};

struct KanikoFlag {
  std::string_view name;      // without dashes
  char letter;                // 0 for none
  std::string_view old_name;  // a deprecated spelling, "" for none
  KanikoKind kind;
  std::string_view standard;  // the value where it is not given, for people
  std::string_view variable;  // of the environment, for a flag that is not given, or more of a list; ""
  KanikoEffect effect;
  std::string_view meaning;  // one line: what it does; of others than honoured ones, why it does not
  // Called for each value, in order; that of a switch is "true" or "false". May be null where nothing is to
  // be kept. Throws Error{kUsage} without naming the flag.
  void (*apply)(const std::string& value, KanikoSettings& settings);
};

using KanikoFlagTable = std::vector<KanikoFlag>;

}  // namespace cooper::cli
