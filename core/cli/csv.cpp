#include "cli/csv.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::cli {

std::vector<std::string> csv_fields(std::string_view text, std::string_view flag) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      fields.back() += text[++i];
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("{} '{}' has a quote that is not closed", flag, text));
  }
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
