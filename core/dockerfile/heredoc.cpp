#include "dockerfile/heredoc.h"

#include <algorithm>

#include "base/error.h"
#include "dockerfile/shell_word.h"

namespace cooper::dockerfile {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// ASCII white space as the reference's pattern has it; no vertical tab.
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

auto count_quotes(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c == '\'' || c == '"'; });
}

unsigned descriptor_of(std::string_view digits) {
  unsigned value = 0;
  for (char c : digits) {
    if (value > 100000000) break;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

}  // namespace

std::optional<Heredoc> heredoc_in_word(std::string_view word) {
  auto mark = std::find_if_not(word.begin(), word.end(), is_digit);
  std::string_view digits = word.substr(0, static_cast<std::size_t>(mark - word.begin()));
  std::string_view rest = word.substr(digits.size());
  if (rest.substr(0, 2) != "<<") return std::nullopt;
  rest.remove_prefix(2);
  Heredoc heredoc;
  heredoc.chomp = !rest.empty() && rest[0] == '-';
  if (heredoc.chomp) rest.remove_prefix(1);
  while (!rest.empty() && is_space(rest[0])) rest.remove_prefix(1);
  if (rest.empty() || rest.find('<') != std::string_view::npos) return std::nullopt;

  // Lexed once with and once without its quotes: any difference means that part of the word was quoted.
  WordOptions options;
  options.skip_unset = true;
  std::vector<std::string> words = expand(rest, {}, options).words;
  if (words.size() != 1) return std::nullopt;
  options.raw_quotes = true;
  std::vector<std::string> raw = expand(rest, {}, options).words;
  if (raw.size() != 1) {
    throw base::Error(base::ErrorKind::kDockerfile, "heredoc word '" + std::string(rest) + "' is ambiguous");
  }
  heredoc.name = words[0];
  heredoc.descriptor = descriptor_of(digits);
  heredoc.expand = count_quotes(words[0]) == count_quotes(raw[0]);
  return heredoc;
}

std::optional<Heredoc> heredoc_or_none(std::string_view word) {
  try {
    return heredoc_in_word(word);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::vector<Heredoc> heredocs_in_line(std::string_view line) {
  // Whatever the escape directive says, this pass escapes with a backslash.
  WordOptions options;
  options.raw_quotes = true;
  options.raw_escapes = true;
  options.skip_unset = true;
  std::vector<std::string> words;
  try {
    words = expand(line, {}, options).words;
  } catch (const base::Error&) {
    return {};  // unbalanced quotes are the shell's business, and then there are no heredocs
  }
  std::vector<Heredoc> heredocs;
  for (const std::string& word : words) {
    if (auto heredoc = heredoc_in_word(word)) heredocs.push_back(std::move(*heredoc));
  }
  return heredocs;
}

}  // namespace cooper::dockerfile
