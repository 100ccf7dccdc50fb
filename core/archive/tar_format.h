// The bytes of tar headers, shared by the reader and the writer: field places (POSIX.1-1988 ustar, GNU tar's
// and star's variants), numbers, checksums, and pax records (IEEE 1003.1-2001, pax, "Extended Header").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace cooper::archive::tar {

inline constexpr std::size_t kBlockSize = 512;
using Block = std::array<char, kBlockSize>;

struct Field {
  std::size_t at;
  std::size_t size;
};
inline constexpr Field kName{0, 100};
inline constexpr Field kMode{100, 8};
inline constexpr Field kUid{108, 8};
inline constexpr Field kGid{116, 8};
inline constexpr Field kSize{124, 12};
inline constexpr Field kMtime{136, 12};
inline constexpr Field kChecksum{148, 8};
inline constexpr Field kType{156, 1};
inline constexpr Field kLinkName{157, 100};
inline constexpr Field kMagic{257, 8};  // with the version
inline constexpr Field kDeviceMajor{329, 8};
inline constexpr Field kDeviceMinor{337, 8};
inline constexpr Field kPrefix{345, 155};
inline constexpr Field kStarPrefix{345, 131};
inline constexpr Field kStarTrailer{508, 4};
// Old GNU sparse files: pairs of offset and length (12 bytes each), a flag that a block of more pairs
// follows, the real size.
inline constexpr Field kSparsePairs{386, 96};
inline constexpr Field kSparseExtended{482, 1};
inline constexpr Field kSparseRealSize{483, 12};
inline constexpr Field kExtensionPairs{0, 504};
inline constexpr Field kExtensionExtended{504, 1};

inline constexpr std::string_view kUstarMagic{
    "ustar\0"
    "00",
    8};
inline constexpr std::string_view kGnuMagic{"ustar  \0", 8};
inline constexpr std::string_view kStarTrailerMagic{"tar\0", 4};

inline constexpr std::string_view kXattrPrefix = "SCHILY.xattr.";

std::string_view field(const Block& block, Field place);
// The field's text up to its first NUL.
std::string_view text(const Block& block, Field place);
// An octal number, padded with spaces or NULs, or a big-endian base-256 one. Throws Error{kCorrupt}.
std::int64_t number(std::string_view field);
bool is_zero(const Block& block);
bool checksum_matches(const Block& block);
// Fills in the checksum of a header that is complete but for it.
void set_checksum(Block& block);

// Bytes that follow `size` bytes of content up to the next block.
inline std::size_t padding(std::uint64_t size) {
  return (kBlockSize - size % kBlockSize) % kBlockSize;
}

struct PaxRecord {
  std::string key;
  std::string value;
};
// In the order stored. Throws Error{kCorrupt}.
std::vector<PaxRecord> parse_pax(std::string_view text);
std::string format_pax(const std::map<std::string, std::string>& records);

struct Time {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;  // always forward from `seconds`, so -0.5 is {-1, 500000000}
};
Time parse_time(std::string_view text);
std::string format_time(Time time);

// A decimal number in [0, 2^63). Throws Error{kCorrupt}.
std::uint64_t parse_decimal(std::string_view text);

}  // namespace cooper::archive::tar
