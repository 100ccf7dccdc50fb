#include "dockerfile/shell_word.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "dockerfile/shell_pattern.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

constexpr char32_t kEnd = 0xFFFFFFFF;
constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxResult = std::size_t{1} << 20U;

constexpr const char* kNoBrace = "'}' is missing";
constexpr const char* kCloseQuote = "close it, or escape it with the escape character";

[[noreturn]] void fail(const std::string& message, const char* hint = "") {
  throw base::Error(base::ErrorKind::kDockerfile, message).hint(hint);
}

// Collects words while the text goes by. The word that is being built is shared by all levels of nesting, so
// the word of a modifier ends the one around it: "a${B:-b}" splits into "b" alone. The reference does so, and
// EXPOSE depends on it.
class Splitter {
 public:
  explicit Splitter(std::string& word) : word_(word) {}

  void add(char32_t code) {
    if (!is_space(code)) {
      add_raw(code);
    } else if (in_word_ && !word_.empty()) {
      words_.push_back(std::move(word_));
      word_.clear();
      in_word_ = false;
    }
  }
  void add_raw(char32_t code) {
    append_utf8(word_, code);
    in_word_ = true;
  }
  void add(const std::string& text) {
    for (char32_t code : decode_all(text)) add(code);
  }
  void add_raw(const std::string& text) {
    word_ += text;
    in_word_ = true;
  }
  std::vector<std::string> take() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    word_.clear();
    return std::move(words_);
  }

 private:
  std::vector<std::string> words_;
  std::string& word_;
  bool in_word_ = false;
};

class Expander {
 public:
  Expander(std::string_view word, const Environment& environment, const WordOptions& options)
      : text_(decode_all(word)),
        environment_(environment),
        options_(options),
        raw_escapes_(options.raw_escapes) {
    if (!text_.empty() && text_[0] == 0xFEFF) position_ = 1;  // a byte order mark opens no word
  }

  WordResult run() {
    result_.word = until(kEnd, raw_escapes_, &result_.words);
    return std::move(result_);
  }

 private:
  char32_t peek() const { return position_ < text_.size() ? text_[position_] : kEnd; }
  char32_t next() { return position_ < text_.size() ? text_[position_++] : kEnd; }
  bool is_escape(char32_t code) const { return code == static_cast<char32_t>(options_.escape); }

  // Expands up to `stop`, which is consumed; kEnd for all the rest.
  std::string until(char32_t stop, bool raw_escapes, std::vector<std::string>* words) {
    if (++depth_ > kMaxDepth) fail("substitutions are nested too deeply");
    bool outer = raw_escapes_;
    raw_escapes_ = raw_escapes;
    std::string text;
    Splitter splitter(word_);
    bool stopped = false;
    while (peek() != kEnd && !stopped) {
      if (peek() == stop) {
        next();
        stopped = true;
      } else {
        consume(text, splitter);
      }
      if (text.size() > kMaxResult) fail("expansion gives more than 1 MiB");
    }
    if (stop != kEnd && !stopped) {
      fail(fmt::format("'{}' is missing", encode_all(std::u32string(1, stop))));
    }
    raw_escapes_ = outer;
    --depth_;
    std::vector<std::string> found = splitter.take();
    if (words != nullptr) *words = std::move(found);
    return text;
  }

  void consume(std::string& text, Splitter& splitter) {
    char32_t code = peek();
    if (code == U'$') {
      std::string value = dollar();
      text += value;
      splitter.add(value);
    } else if (!options_.skip_quotes && (code == U'\'' || code == U'"' || code == U'<')) {
      std::string piece = code == U'\'' ? single_quote() : code == U'"' ? double_quote() : heredoc_mark();
      text += piece;
      splitter.add_raw(piece);
    } else {
      plain(text, splitter);
    }
  }

  void plain(std::string& text, Splitter& splitter) {
    char32_t code = next();
    if (!is_escape(code)) {
      splitter.add(code);
      append_utf8(text, code);
      return;
    }
    if (raw_escapes_) {
      splitter.add_raw(code);
      append_utf8(text, code);
    }
    code = next();
    if (code == kEnd) return;
    splitter.add_raw(code);
    append_utf8(text, code);
  }

  std::string single_quote() {
    std::string text;
    next();
    if (options_.raw_quotes) text += '\'';
    while (true) {
      char32_t code = next();
      if (code == kEnd) fail("a single quote is not closed", kCloseQuote);
      if (code == U'\'') break;
      append_utf8(text, code);
    }
    if (options_.raw_quotes) text += '\'';
    return text;
  }

  std::string double_quote() {
    std::string text;
    next();
    if (options_.raw_quotes) text += '"';
    while (peek() != U'"') {
      if (peek() == kEnd) fail("a double quote is not closed", kCloseQuote);
      if (peek() == U'$') {
        text += dollar();
        continue;
      }
      char32_t code = next();
      if (is_escape(code)) {
        if (raw_escapes_) append_utf8(text, code);
        char32_t escaped = peek();
        if (escaped == kEnd) continue;
        if (escaped == U'"' || escaped == U'$' || is_escape(escaped)) code = next();
      }
      append_utf8(text, code);
    }
    next();
    if (options_.raw_quotes) text += '"';
    return text;
  }

  // "<<" takes the blanks after it along, so that "<< EOF" stays one word.
  std::string heredoc_mark() {
    next();
    if (peek() != U'<') return "<";
    next();
    std::string text = "<<";
    while (peek() == U' ' || peek() == U'\t') append_utf8(text, next());
    return text;
  }

  std::string name() {
    std::string name;
    bool digits = is_digit(peek());
    char32_t first = peek();
    if (!digits && first < 0x80 &&
        std::string_view("@*#?-$!").find(static_cast<char>(first)) != std::string_view::npos) {
      append_utf8(name, next());
      return name;
    }
    while (peek() != kEnd) {
      char32_t code = peek();
      bool belongs = is_digit(code) || (!digits && (is_letter(code) || code == U'_'));
      if (!belongs) break;
      append_utf8(name, next());
    }
    return name;
  }

  const std::string* look_up(const std::string& name) {
    const std::string* value = environment_.find(name);
    (value != nullptr ? result_.matched : result_.unmatched).insert(name);
    return value;
  }

  std::string dollar() {
    next();
    if (peek() != U'{') {
      std::string plain_name = name();
      if (plain_name.empty()) return "$";
      const std::string* value = look_up(plain_name);
      if (value != nullptr) return *value;
      return options_.skip_unset ? "$" + plain_name : "";
    }
    next();
    if (peek() == kEnd) fail(kNoBrace);
    if (peek() == U'{' || peek() == U'}' || peek() == U':') fail("'${' is not followed by a name");
    std::string braced_name = name();
    char32_t code = next();
    if (code == kEnd) fail(kNoBrace);
    switch (code) {
      case U'}': {
        const std::string* value = look_up(braced_name);
        if (value != nullptr) return *value;
        return options_.skip_unset ? "${" + braced_name + "}" : "";
      }
      case U':':
        return modified(braced_name, next(), true);
      case U'+':
      case U'-':
      case U'?':
      case U'#':
      case U'%':
        return modified(braced_name, code, false);
      case U'/':
        return replaced(braced_name);
      default:
        unsupported(code, false);
    }
  }

  [[noreturn]] static void unsupported(char32_t code, bool colon) {
    std::string modifier = colon ? ":" : "";
    append_utf8(modifier, code == kEnd ? kReplacement : code);
    fail(fmt::format("'{}' modifies no variable", modifier),
         "use one of :- :+ :? - + ? # ## % %% / //, or a name that ends before it");
  }

  // The word of a modifier; an end of input inside it means that the brace is missing.
  std::string modifier_word(char32_t stop, bool raw_escapes, const char* missing) {
    try {
      return until(stop, raw_escapes, nullptr);
    } catch (const base::Error&) {
      if (peek() == kEnd) fail(missing);
      throw;
    }
  }

  std::string modified(const std::string& name, char32_t code, bool colon) {
    bool pattern = code == U'#' || code == U'%';
    std::string word = modifier_word(U'}', pattern, kNoBrace);
    const std::string* value = look_up(name);
    if (options_.skip_unset && value == nullptr) {
      std::string modifier = colon ? ":" : "";
      append_utf8(modifier, code == kEnd ? kReplacement : code);
      return "${" + name + modifier + word + "}";
    }
    bool usable = value != nullptr && !(colon && value->empty());
    switch (code) {
      case U'-':
        return usable ? *value : word;
      case U'+':
        return usable ? word : "";
      case U'?':
        if (usable) return *value;
        if (word.empty())
          word = value == nullptr ? "is not allowed to be unset" : "is not allowed to be empty";
        fail(name + ": " + word);
      case U'#':
      case U'%':
        if (colon) unsupported(code, colon);
        return trimmed(value == nullptr ? "" : *value, word, code);
      default:
        unsupported(code, colon);
    }
  }

  static std::string trimmed(const std::string& value, std::string_view word, char32_t code) {
    bool longest = !word.empty() && word[0] == static_cast<char>(code);
    if (longest) word.remove_prefix(1);
    std::u32string pattern = decode_all(word);
    return code == U'#' ? trim_prefix(value, pattern, longest) : trim_suffix(value, pattern, longest);
  }

  std::string replaced(const std::string& name) {
    bool all = peek() == U'/';
    if (all) next();
    std::string pattern = modifier_word(U'/', true, "the second '/' of ${…/…/…} is missing");
    std::string replacement = modifier_word(U'}', true, kNoBrace);
    const std::string* value = look_up(name);
    if (options_.skip_unset && value == nullptr) return "${" + name + "/" + pattern + "/" + replacement + "}";
    std::string text = value == nullptr ? "" : *value;
    std::u32string codes = decode_all(pattern);
    return all ? replace_all(text, codes, replacement) : replace_first(text, codes, replacement);
  }

  std::u32string text_;
  std::size_t position_ = 0;
  const Environment& environment_;
  const WordOptions& options_;
  bool raw_escapes_;
  std::string word_;
  int depth_ = 0;
  WordResult result_;
};

// Most words hold nothing special; they need no decoding.
bool is_plain(std::string_view word, const WordOptions& options) {
  for (char c : word) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte <= ' ' || c == '$' || c == '\'' || c == '"' || c == '<' || c == options.escape) {
      return false;
    }
  }
  return true;
}

}  // namespace

WordResult expand(std::string_view word, const Environment& environment, const WordOptions& options) {
  if (is_plain(word, options)) {
    WordResult result;
    result.word = std::string(word);
    if (!word.empty()) result.words.emplace_back(word);
    return result;
  }
  try {
    return Expander(word, environment, options).run();
  } catch (const base::Error& error) {
    std::string shown(word.substr(0, std::min<std::size_t>(200, word.find('\n'))));
    if (shown.size() < word.size()) shown += "…";
    throw base::Error(base::ErrorKind::kDockerfile,
                      fmt::format("cannot expand '{}': {}", shown, error.message()))
        .hint(error.hint());
  }
}

}  // namespace cooper::dockerfile
