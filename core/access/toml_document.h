// A TOML file as a tree of values that know their lines, read with checks.
//
// Only strings, booleans, lists and tables are told apart: nothing that is read here has any other type.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

namespace cooper::access {

// Hears of what was read and is not used, one line each.
using Note = std::function<void(const std::string&)>;

struct TomlValue {
  enum class Kind { kText, kBoolean, kList, kTable, kOther };

  Kind kind = Kind::kOther;
  int line = 0;  // from 1; 0 when unknown
  std::string text;
  bool truth = false;
  std::vector<TomlValue> list;
  std::map<std::string, TomlValue> table;

  // nullptr when this is no table, or has no such key.
  const TomlValue* find(const std::string& key) const;
};

class TomlDocument {
 public:
  // `path` names the text in errors. Throws Error{kUsage} with the line that is no TOML.
  TomlDocument(std::string path, const std::string& text);

  const std::string& path() const { return path_; }
  const TomlValue& root() const { return root_; }

  // The value of a key, or what stands for a missing one. Throw Error{kUsage} for another type.
  std::string text(const TomlValue& table, const std::string& key) const;
  bool boolean(const TomlValue& table, const std::string& key) const;
  std::vector<std::string> texts(const TomlValue& table, const std::string& key) const;
  std::vector<const TomlValue*> tables(const TomlValue& table, const std::string& key) const;

  // Tells of each key of `table` that is none of `known`.
  void tell_unknown(const TomlValue& table, const std::set<std::string>& known, const Note& note) const;
  // Error{kUsage} at the value's place.
  base::Error error(const TomlValue& value, std::string message) const;

 private:
  const TomlValue* expect(const TomlValue& table, const std::string& key, TomlValue::Kind kind,
                          const char* what) const;

  std::string path_;
  TomlValue root_;
};

}  // namespace cooper::access
