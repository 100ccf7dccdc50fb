#include "adapters/sections.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace cooper::adapters {
namespace {

// Longer ones would make the marker longer than people's lines.
constexpr std::size_t kLongestName = 100;

bool is_allowed(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

}  // namespace

std::string section_name(std::string_view text) {
  std::string name(text.substr(0, kLongestName));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_allowed(c); }, '_');
  return name.empty() ? "section" : name;
}

// "ESC[0K" is what the web page looks for; the '0' cannot be left out.
std::string section_start(std::string_view name, std::string_view title, std::int64_t time, bool collapsed) {
  std::string line(title);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }, ' ');
  return fmt::format("\x1b[0Ksection_start:{}:{}{}\r\x1b[0K{}\n", time, section_name(name),
                     collapsed ? "[collapsed=true]" : "", line);
}

std::string section_end(std::string_view name, std::int64_t time) {
  return fmt::format("\x1b[0Ksection_end:{}:{}\r\x1b[0K\n", time, section_name(name));
}

}  // namespace cooper::adapters
