// Any bytes as gzip or zstd: only Error may come of them, however they are cut.
#include <array>
#include <cstdint>
#include <string_view>

#include "archive/compression.h"
#include "base/error.h"

namespace {

namespace archive = cooper::archive;
namespace base = cooper::base;

class DrippingSource final : public base::ByteSource {
 public:
  DrippingSource(std::string_view data, std::size_t step) : data_(data), step_(step) {}
  std::size_t read(base::MutableByteSpan buffer) override {
    return data_.read(buffer.first(std::min(step_, buffer.size())));
  }

 private:
  base::MemorySource data_;
  std::size_t step_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 3) return 0;
  constexpr std::uint64_t kEnough = 4 << 20;  // a bomb needs no fuzzing
  archive::Compression type = bytes[0] % 2 == 0 ? archive::Compression::kGzip : archive::Compression::kZstd;
  DrippingSource in({reinterpret_cast<const char*>(bytes + 3), size - 3}, bytes[1] + 1U);
  std::array<std::byte, 256 * 64> buffer;
  auto part = base::MutableByteSpan(buffer).first((bytes[2] + 1U) * 64);
  try {
    auto source = archive::make_decompressor(type, in);
    std::uint64_t total = 0;
    while (std::size_t count = source->read(part)) {
      if ((total += count) > kEnough) break;
    }
  } catch (const base::Error&) {
  }
  return 0;
}
