#include "cli/csv.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::cli {

std::vector<std::string> csv_fields(std::string_view text, std::string_view flag) {
  auto refuse = [&](const char* what) {
    return base::Error(base::ErrorKind::kUsage, fmt::format("{} '{}' has {}", flag, text, what));
  };
  std::vector<std::string> fields(1);
  bool at_start = true;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    char next = i + 1 < text.size() ? text[i + 1] : ',';
    if (quoted && c == '"' && next == '"' && i + 1 < text.size()) {
      fields.back() += text[++i];
    } else if (quoted && c == '"') {
      if (next != ',') throw refuse("text behind a closing quote");
      quoted = false;
    } else if (c == '"' && !quoted) {
      if (!at_start)
        throw refuse("a quote inside a field").hint("put the whole field in quotes: \"key=a,b\"");
      quoted = true;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
      at_start = true;
      continue;
    } else {
      fields.back() += c;
    }
    at_start = false;
  }
  if (quoted) throw refuse("a quote that is not closed");
  return fields;
}

std::vector<CsvPair> csv_pairs(std::string_view text, std::string_view flag) {
  std::vector<CsvPair> pairs;
  for (const std::string& field : csv_fields(text, flag)) {
    std::size_t equals = field.find('=');
    if (equals == std::string::npos) {
      pairs.push_back({base::to_lower(field), "", false});
    } else {
      pairs.push_back({base::to_lower(field.substr(0, equals)), field.substr(equals + 1), true});
    }
  }
  return pairs;
}

}  // namespace cooper::cli
