// Flag values that are one CSV record: "type=oci,dest=a.tar", with RFC 4180 quoting as buildx reads it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cooper::cli {

// Throws Error{kUsage} naming `flag` for a quote that is not closed, or not at the ends of its field.
std::vector<std::string> csv_fields(std::string_view text, std::string_view flag);
// Fields as key and value, keys in lower case; a field without "=" has an empty value and `has_value` false.
struct CsvPair {
  std::string key;
  std::string value;
  bool has_value = false;
};
std::vector<CsvPair> csv_pairs(std::string_view text, std::string_view flag);

}  // namespace cooper::cli
