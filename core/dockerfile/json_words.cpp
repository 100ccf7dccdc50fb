#include "dockerfile/json_words.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

// Invalid UTF-8 counts as U+FFFD, as in the reference.
std::string sanitize(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return encode_all(decode_all(text));
  }
  return std::string(text);
}

// Follows the parse without building a tree: depth and length of hostile input cost no memory.
class ArrayReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_unsigned(number_unsigned_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool start_object(std::size_t) override { return deeper(); }
  bool end_object() override { return shallower(); }
  bool key(string_t&) override { return true; }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return shallower(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }
  bool string(string_t& value) override {
    if (depth_ == 1) words_.push_back(std::move(value));
    return true;
  }

  bool strings_only() const { return strings_only_; }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  bool other() {
    strings_only_ = false;
    return true;
  }
  bool deeper() {
    if (depth_ > 0) strings_only_ = false;
    return ++depth_ <= 10000;
  }
  bool shallower() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  bool strings_only_ = true;
  std::vector<std::string> words_;
};

}  // namespace

std::optional<std::vector<std::string>> json_words(std::string_view text) {
  text = trim_space_left(text);
  if (text.empty() || text[0] != '[') return std::nullopt;
  ArrayReader reader;
  if (!nlohmann::json::sax_parse(sanitize(text), &reader)) return std::nullopt;
  if (!reader.strings_only()) {
    constexpr std::size_t kShown = 40;
    std::string shown(text.substr(0, kShown));
    if (shown.size() < text.size()) shown += "…";
    throw base::Error(base::ErrorKind::kDockerfile,
                      fmt::format("JSON array '{}' holds something other than strings", shown))
        .hint("quote every element");
  }
  return reader.take();
}

}  // namespace cooper::dockerfile
