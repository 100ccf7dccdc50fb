#include "context/go_text.h"

#include <vector>

namespace cooper::context {
namespace {

// The rune whose encoding has `width` bytes, or nothing when a byte is wrong or the encoding is not the
// shortest.
bool decode_multibyte(std::string_view text, std::size_t width, char32_t& value) {
  if (text.size() < width) return false;
  for (std::size_t i = 1; i < width; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return false;
    value = value << 6 | (byte & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  return value >= kSmallest[width] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

bool is_space(char32_t rune) {
  return (rune >= '\t' && rune <= '\r') || rune == ' ' || rune == 0x85 || rune == 0xA0 || rune == 0x1680 ||
         (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 || rune == 0x202F ||
         rune == 0x205F || rune == 0x3000;
}

// The last rune of `text`, found by looking back over at most three continuation bytes.
Rune decode_last_rune(std::string_view text) {
  for (std::size_t width = 1; width <= 4 && width <= text.size(); ++width) {
    const Rune rune = decode_rune(text.substr(text.size() - width));
    if (rune.width == width && (width > 1 || rune.value != kRuneError)) return rune;
  }
  return {kRuneError, text.empty() ? 0U : 1U};
}

}  // namespace

Rune decode_rune(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  std::size_t width = 1;
  char32_t value = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    width = 2;
    value = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    width = 3;
    value = lead & 0x0F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    width = 4;
    value = lead & 0x07;
  }
  if (width > 1 && decode_multibyte(text, width, value)) return {value, width};
  return {kRuneError, 1};
}

void append_rune(std::string& text, char32_t rune) {
  auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (rune < 0x80) return put(rune);
  if (rune < 0x800) {
    put(0xC0 | rune >> 6);
  } else {
    if (rune < 0x10000) {
      put(0xE0 | rune >> 12);
    } else {
      put(0xF0 | rune >> 18);
      put(0x80 | (rune >> 12 & 0x3F));
    }
    put(0x80 | (rune >> 6 & 0x3F));
  }
  put(0x80 | (rune & 0x3F));
}

std::string_view trim_space(std::string_view text) {
  for (Rune rune = decode_rune(text); rune.width > 0 && is_space(rune.value); rune = decode_rune(text)) {
    text.remove_prefix(rune.width);
  }
  for (Rune rune = decode_last_rune(text); rune.width > 0 && is_space(rune.value);
       rune = decode_last_rune(text)) {
    text.remove_suffix(rune.width);
  }
  return text;
}

std::string go_clean(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> kept;
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view piece = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (piece.empty() || piece == ".") continue;
    if (piece != "..") {
      kept.push_back(piece);
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!rooted) {
      kept.push_back(piece);
    }
  }
  std::string clean(rooted ? "/" : "");
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) clean += '/';
    clean += kept[i];
  }
  return clean.empty() ? "." : clean;
}

}  // namespace cooper::context
