#include "oci/go_json.h"

#include <cstddef>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cooper::oci {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// Length of the well-formed UTF-8 sequence at `i`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text, std::size_t i) {
  unsigned lead = byte_at(text, i);
  std::size_t length = lead < 0x80                   ? 1
                       : lead >= 0xC2 && lead < 0xE0 ? 2
                       : lead >= 0xE0 && lead < 0xF0 ? 3
                                                     : 4;
  if (length == 1) return 1;
  if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return 0;
  unsigned second = byte_at(text, i + 1);
  unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (std::size_t k = 2; k < length; ++k) {
    unsigned next = byte_at(text, i + k);
    if (next < 0x80 || next > 0xBF) return 0;
  }
  return length;
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '<':
    case '>':
    case '&':
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

void break_line(std::string& out, int indent, int depth) {
  if (indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

// Recursion is bounded: what we build is flat, what was read passed the depth limit of json_fields.
void append_value(std::string& out, const nlohmann::ordered_json& value, int indent, int depth) {
  if (value.is_string()) return append_go_string(out, value.get_ref<const std::string&>());
  if (!value.is_structured()) {
    out += value.dump();
    return;
  }
  bool object = value.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (auto item = value.begin(); item != value.end(); ++item) {
    if (!first) out += ',';
    first = false;
    break_line(out, indent, depth + 1);
    if (object) {
      append_go_string(out, item.key());
      out += indent == 0 ? ":" : ": ";
    }
    append_value(out, *item, indent, depth + 1);
  }
  if (!first) break_line(out, indent, depth);
  out += object ? '}' : ']';
}

}  // namespace

void append_go_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = sequence_length(text, i);
    std::string_view sequence = text.substr(i, length);
    if (length == 0) {
      out += "\\ufffd";
      length = 1;
    } else if (length == 1) {
      append_ascii(out, text[i]);
    } else if (sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9") {
      out += sequence.back() == '\xA8' ? "\\u2028" : "\\u2029";
    } else {
      out += sequence;
    }
    i += length;
  }
  out += '"';
}

std::string go_json(const nlohmann::ordered_json& value, int indent) {
  std::string out;
  append_value(out, value, indent, 0);
  return out;
}

}  // namespace cooper::oci
