#include "base/encoder.h"

#include <array>

namespace cooper::base {
namespace {

void append_length(std::string& bytes, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(value >> shift & 0xff));
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  append_length(bytes, value);
  return bytes;
}

}  // namespace

void Encoder::frame(char type, std::string_view label, std::string_view value) {
  bytes_.push_back(type);
  append_length(bytes_, label.size());
  bytes_.append(label);
  append_length(bytes_, value.size());
  bytes_.append(value);
}

Encoder& Encoder::field(std::string_view label, std::string_view value) {
  frame('s', label, value);
  return *this;
}

Encoder& Encoder::field(std::string_view label, std::int64_t value) {
  frame('i', label, little_endian(static_cast<std::uint64_t>(value)));
  return *this;
}

Encoder& Encoder::field(std::string_view label, const Digest& value) {
  frame('d', label,
        std::string_view(reinterpret_cast<const char*>(value.bytes().data()), value.bytes().size()));
  return *this;
}

Encoder& Encoder::field(std::string_view label, const std::vector<std::string>& values) {
  list(label, values.size());
  for (const std::string& value : values) frame('s', "", value);
  return *this;
}

Encoder& Encoder::list(std::string_view label, std::size_t count) {
  frame('l', label, little_endian(count));
  return *this;
}

}  // namespace cooper::base
