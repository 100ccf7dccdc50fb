#include "archive/randomness.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace cooper::archive {
namespace {

constexpr std::size_t kPiece =
    64 << 10;  // small enough that a compressible file between random ones is noticed
constexpr std::size_t kWindow = 32 << 10;
constexpr std::size_t kStride = 64;
constexpr unsigned kHashBits = 11;

bool evenly_distributed(base::ByteSpan data) {
  std::array<std::array<std::uint32_t, 256>, 4> counts{};
  std::size_t i = 0;
  // Four tables, because increments of one counter would wait for each other.
  for (; i + 4 <= data.size(); i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) ++counts[lane][static_cast<std::uint8_t>(data[i + lane])];
  }
  for (; i < data.size(); ++i) ++counts[0][static_cast<std::uint8_t>(data[i])];
  std::uint64_t squares = 0;
  for (std::size_t value = 0; value < 256; ++value) {
    std::uint64_t count = counts[0][value] + counts[1][value] + counts[2][value] + counts[3][value];
    squares += count * count;
  }
  // n²/256 + n is what chance gives; 5 % more (gzip files have up to 6 %) is a loss of about 0.04 bits per
  // byte.
  std::uint64_t size = data.size();
  return squares < size * size / 256 + size + size * size / 256 / 20;
}

std::uint64_t load(const std::byte* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Remembers one 8-byte string in every 64 and looks for them at every place, so any repeat of 72 bytes is
// met.
bool has_repeats(base::ByteSpan data) {
  struct Seen {
    std::uint64_t value = 0;
    std::size_t at = 0;
  };
  std::vector<Seen> table(std::size_t{1} << kHashBits);
  std::size_t repeats = 0;
  for (std::size_t at = 0; at + 8 <= data.size(); ++at) {
    std::uint64_t value = load(&data[at]);
    Seen& seen = table[(value * 0x9E3779B97F4A7C15U) >> (64 - kHashBits)];
    // The value first: that it differs is what a processor can predict.
    if (seen.value == value && at - seen.at <= kWindow) ++repeats;
    if (at % kStride == 0) seen = {value, at};
  }
  // Each stands for a stretch of about 64 bytes.
  return repeats * kStride > data.size() / 100;
}

}  // namespace

bool looks_random(base::ByteSpan data) {
  if (data.size() < kPiece) return false;  // too little to tell, and quickly compressed anyway
  for (std::size_t at = 0; at < data.size(); at += kPiece) {
    // The last piece overlaps its neighbour rather than being short.
    std::size_t start = std::min(at, data.size() - kPiece);
    if (!evenly_distributed(data.subspan(start, kPiece))) return false;
  }
  return !has_repeats(data);
}

}  // namespace cooper::archive
