// Any bytes as an archive that a user hands in: only Error may come of them.
#include <array>
#include <cstdint>
#include <string_view>

#include "archive/foreign.h"
#include "base/error.h"

namespace archive = cooper::archive;
namespace base = cooper::base;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  base::MemorySource first(data);
  archive::is_unpackable(first);
  base::MemorySource in(data);
  try {
    archive::read_archive(in, "fuzz", [](const archive::TarEntry&, base::ByteSource& content) {
      std::array<std::byte, 4096> buffer;
      for (int reads = 0; reads < 256 && content.read(buffer) > 0; ++reads) {
      }
    });
  } catch (const base::Error&) {
  }
  return 0;
}
