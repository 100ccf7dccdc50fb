// Any bytes as a word: the first byte picks the options, the rest is split at NUL into value and word.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "dockerfile/shell_word.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  cooper::dockerfile::WordOptions options;
  options.escape = (data[0] & 1U) != 0 ? '`' : '\\';
  options.raw_quotes = (data[0] & 2U) != 0;
  options.raw_escapes = (data[0] & 4U) != 0;
  options.skip_quotes = (data[0] & 8U) != 0;
  options.skip_unset = (data[0] & 16U) != 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::size_t zero = text.find('\0');
  cooper::dockerfile::Environment environment;
  if (zero != std::string_view::npos) {
    environment.set("A", std::string(text.substr(0, zero)));
    environment.set("EMPTY", "");
    text.remove_prefix(zero + 1);
  }
  try {
    cooper::dockerfile::expand(text, environment, options);
  } catch (const cooper::base::Error&) {
    return 0;
  }
  return 0;
}
