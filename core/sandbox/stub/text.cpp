#include "sandbox/stub/text.h"

#include "sandbox/stub/calls.h"

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) {
  cooper::sandbox::stub::copy_bytes(to, from, size);
  return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (out <= in || out >= in + size) return memcpy(to, from, size);
  while (size-- > 0) out[size] = in[size];
  return to;
}

void* memset(void* to, int byte, std::size_t size) {
  cooper::sandbox::stub::fill_bytes(to, byte, size);
  return to;
}

int memcmp(const void* left, const void* right, std::size_t size) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

std::size_t strlen(const char* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

}  // extern "C"

namespace cooper::sandbox::stub {

bool equal(const char* left, const char* right) {
  while (*left != '\0' && *left == *right) {
    ++left;
    ++right;
  }
  return *left == *right;
}

bool starts_with(const char* text, const char* prefix) {
  while (*prefix != '\0') {
    if (*text++ != *prefix++) return false;
  }
  return true;
}

bool ends_with(const char* text, const char* suffix) {
  const std::size_t length = strlen(text);
  const std::size_t wanted = strlen(suffix);
  return length >= wanted && equal(text + length - wanted, suffix);
}

const char* find_char(const char* text, char wanted) {
  for (; *text != '\0'; ++text) {
    if (*text == wanted) return text;
  }
  return nullptr;
}

const char* last_component(const char* path) {
  const char* name = path;
  for (; *path != '\0'; ++path) {
    if (*path == '/') name = path + 1;
  }
  return name;
}

bool is_dots(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

bool climbs(const char* path) {
  bool first = true;
  for (; *path != '\0'; ++path) {
    if (first && path[0] == '.' && path[1] == '.' && (path[2] == '/' || path[2] == '\0')) return true;
    first = *path == '/';
  }
  return false;
}

Writer& Writer::add(const char* text) {
  return add(text, strlen(text));
}

Writer& Writer::add(const char* text, std::size_t length) {
  const std::size_t room = size_ - 1 - length_;
  if (length > room) {
    overflow_ = true;
    length = room;
  }
  memcpy(buffer_ + length_, text, length);
  length_ += length;
  buffer_[length_] = '\0';
  return *this;
}

Writer& Writer::number(std::uint64_t value, unsigned base) {
  char digits[24];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  return add(digits + at, sizeof digits - at);
}

std::uint64_t read_number(const char*& text, unsigned base) {
  std::uint64_t value = 0;
  for (;; ++text) {
    unsigned digit = 99;
    if (*text >= '0' && *text <= '9') digit = static_cast<unsigned>(*text - '0');
    if (*text >= 'a' && *text <= 'f') digit = static_cast<unsigned>(*text - 'a' + 10);
    if (digit >= base) return value;
    value = value * base + digit;
  }
}

DescriptorPath::DescriptorPath(int fd) {
  Writer(text, sizeof text).add("/proc/self/fd/").number(static_cast<std::uint64_t>(fd));
}

}  // namespace cooper::sandbox::stub
