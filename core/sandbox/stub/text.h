// Bytes and C strings without a library.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
void* memcpy(void* to, const void* from, std::size_t size);
void* memmove(void* to, const void* from, std::size_t size);
void* memset(void* to, int byte, std::size_t size);
int memcmp(const void* left, const void* right, std::size_t size);
std::size_t strlen(const char* text);
}

namespace cooper::sandbox::stub {

inline constexpr std::size_t kPathSize = 4096;

bool equal(const char* left, const char* right);
bool starts_with(const char* text, const char* prefix);
bool ends_with(const char* text, const char* suffix);
const char* find_char(const char* text, char wanted);  // nullptr: not there
const char* last_component(const char* path);          // behind the last slash
bool is_dots(const char* name);                        // "." or ".."
// Whether a ".." is among the components.
bool climbs(const char* path);

// Text of a bounded size, put together piece by piece; overflow is remembered, and cuts off.
class Writer {
 public:
  Writer(char* buffer, std::size_t size) : buffer_(buffer), size_(size) { buffer_[0] = '\0'; }
  Writer& add(const char* text);
  Writer& add(const char* text, std::size_t length);
  Writer& add(char c) { return add(&c, 1); }
  Writer& number(std::uint64_t value, unsigned base = 10);
  std::size_t length() const { return length_; }
  bool overflow() const { return overflow_; }

 private:
  char* buffer_;
  std::size_t size_;
  std::size_t length_ = 0;
  bool overflow_ = false;
};

// Reads digits (and moves `text` behind them); 0 where there are none.
std::uint64_t read_number(const char*& text, unsigned base = 10);

// "/proc/self/fd/N": what a descriptor leads to, as a path that the kernel follows.
struct DescriptorPath {
  explicit DescriptorPath(int fd);
  char text[32];
};

}  // namespace cooper::sandbox::stub
