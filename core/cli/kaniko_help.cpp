#include "cli/kaniko_help.h"

#include <fmt/format.h>

namespace cooper::cli {

namespace {

std::string spellings(const KanikoFlag& flag) {
  std::string text = flag.letter != 0 ? fmt::format("-{}, ", flag.letter) : std::string();
  text += fmt::format("--{}", flag.name);
  if (!flag.old_name.empty()) text += fmt::format(", --{}", flag.old_name);
  return text;
}

const char* effect_of(const KanikoFlag& flag) {
  switch (flag.effect) {
    case KanikoEffect::kHonoured:
      return "";
    case KanikoEffect::kNoMeaning:
      return "no meaning here: ";
    case KanikoEffect::kRefused:
      return "refused: ";
  }
  return "";
}

std::string as_code(const std::string& text) {
  return text.empty() ? text : "`" + text + "`";
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

constexpr const char* kUsage = R"(Usage:
  executor --context=DIRECTORY --destination=HOST/REPOSITORY:TAG …     also as 'cooper kaniko'
  executor login HOST -u NAME --password-stdin
  executor push IMAGE.tar|DIRECTORY --destination=HOST/REPOSITORY:TAG
  warmer --cache-dir=DIRECTORY --image=NAME …                          also as 'cooper warmer'

)";

}  // namespace

std::string kaniko_help(const KanikoFlagTable& table) {
  std::string text = kUsage + std::string("Flags:\n");
  for (const KanikoFlag& flag : table) {
    text += fmt::format("  {}\n      {}{}{}\n", spellings(flag), effect_of(flag), flag.meaning,
                        flag.standard.empty() ? "" : fmt::format(" (default: {})", flag.standard));
  }
  return text;
}

std::string kaniko_flags_markdown(const KanikoFlagTable& table) {
  std::string text = "| Flag | Default | Variable | What it does here |\n|---|---|---|---|\n";
  for (const KanikoFlag& flag : table) {
    const std::string variable(flag.variable);
    text += fmt::format("| {} | {} | {} | {}{} |\n", as_code(spellings(flag)), escaped(flag.standard),
                        as_code(variable), effect_of(flag), escaped(flag.meaning));
  }
  return text;
}

}  // namespace cooper::cli
