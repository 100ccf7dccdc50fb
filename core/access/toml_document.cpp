#include "access/toml_document.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/text.h"

namespace cooper::access {

namespace {

using Kind = TomlValue::Kind;

// Far deeper than any file that is read here, and far from the end of the stack.
constexpr int kDeepest = 32;

TomlValue value_of(const toml::node& node, int depth) {
  TomlValue value;
  value.line = static_cast<int>(node.source().begin.line);
  if (depth > kDeepest) return value;
  if (const auto* text = node.as_string()) {
    value.kind = Kind::kText;
    value.text = text->get();
  } else if (const auto* truth = node.as_boolean()) {
    value.kind = Kind::kBoolean;
    value.truth = truth->get();
  } else if (const toml::array* list = node.as_array()) {
    value.kind = Kind::kList;
    for (const toml::node& item : *list) value.list.push_back(value_of(item, depth + 1));
  } else if (const toml::table* table = node.as_table()) {
    value.kind = Kind::kTable;
    for (const auto& [key, item] : *table)
      value.table.emplace(std::string(key.str()), value_of(item, depth + 1));
  }
  return value;
}

base::SourceRange place(const std::string& path, int line) {
  base::SourceRange range;
  range.file = path;
  range.start_line = line;
  return range;
}

}  // namespace

const TomlValue* TomlValue::find(const std::string& key) const {
  const auto found = table.find(key);
  return found == table.end() ? nullptr : &found->second;
}

TomlDocument::TomlDocument(std::string path, const std::string& text) : path_(std::move(path)) {
  try {
    root_ = value_of(toml::parse(text), 0);
  } catch (const toml::parse_error& failure) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("this is no valid toml: {}", base::to_lower(failure.description())))
        .at(place(path_, static_cast<int>(failure.source().begin.line)));
  }
}

base::Error TomlDocument::error(const TomlValue& value, std::string message) const {
  base::Error failure(base::ErrorKind::kUsage, std::move(message));
  failure.at(place(path_, value.line));
  return failure;
}

const TomlValue* TomlDocument::expect(const TomlValue& table, const std::string& key, Kind kind,
                                      const char* what) const {
  const TomlValue* value = table.find(key);
  if (value != nullptr && value->kind != kind) throw error(*value, fmt::format("'{}' must be {}", key, what));
  return value;
}

std::string TomlDocument::text(const TomlValue& table, const std::string& key) const {
  const TomlValue* value = expect(table, key, Kind::kText, "a string");
  return value == nullptr ? std::string() : value->text;
}

bool TomlDocument::boolean(const TomlValue& table, const std::string& key) const {
  const TomlValue* value = expect(table, key, Kind::kBoolean, "true or false");
  return value != nullptr && value->truth;
}

std::vector<std::string> TomlDocument::texts(const TomlValue& table, const std::string& key) const {
  std::vector<std::string> texts;
  const TomlValue* value = expect(table, key, Kind::kList, "a list of strings");
  if (value == nullptr) return texts;
  for (const TomlValue& item : value->list) {
    if (item.kind != Kind::kText) throw error(item, fmt::format("'{}' must be a list of strings", key));
    texts.push_back(item.text);
  }
  return texts;
}

std::vector<const TomlValue*> TomlDocument::tables(const TomlValue& table, const std::string& key) const {
  std::vector<const TomlValue*> tables;
  const TomlValue* value = expect(table, key, Kind::kList, "a list of tables, [[…]]");
  if (value == nullptr) return tables;
  for (const TomlValue& item : value->list) {
    if (item.kind != Kind::kTable)
      throw error(item, fmt::format("'{}' must be a list of tables, [[…]]", key));
    tables.push_back(&item);
  }
  return tables;
}

void TomlDocument::tell_unknown(const TomlValue& table, const std::set<std::string>& known,
                                const Note& note) const {
  const std::vector<std::string> candidates(known.begin(), known.end());
  for (const auto& [key, value] : table.table) {
    if (known.contains(key) || !note) continue;
    const std::string near = base::nearest(key, candidates);
    note(fmt::format("{}:{}: '{}' is not known here and does nothing{}", path_, value.line, key,
                     near.empty() ? "" : fmt::format(" (is it '{}'?)", near)));
  }
}

}  // namespace cooper::access
