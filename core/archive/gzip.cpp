#include "archive/gzip.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <new>
#include <vector>

#include "archive/randomness.h"
#include "base/error.h"

namespace cooper::archive {
namespace {

using base::Error;
using base::ErrorKind;

// Within 3 % of what compress/gzip's default gives for layers (5.4 % on nothing but small text files), at
// three times its speed.
constexpr int kDefaultLevel = 4;
constexpr int kFastestLevel = 1;
constexpr std::size_t kInputBuffer = 128 << 10;

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

Compressor make_libdeflate(int level) {
  Compressor compressor(libdeflate_alloc_compressor(level));
  if (!compressor) throw std::bad_alloc();
  return compressor;
}

std::size_t compress_with(libdeflate_compressor* compressor, base::ByteSpan input,
                          base::MutableByteSpan output) {
  std::size_t size =
      libdeflate_gzip_compress(compressor, input.data(), input.size(), output.data(), output.size());
  if (size == 0) throw Error(ErrorKind::kInternal, "gzip member is larger than its bound");
  return size;
}

class LibdeflateCodec final : public BlockCodec {
 public:
  explicit LibdeflateCodec(int level) : compressor_(make_libdeflate(level)), storer_(make_libdeflate(0)) {}

  std::size_t bound(std::size_t input_size) const override {
    return std::max(libdeflate_gzip_compress_bound(compressor_.get(), input_size),
                    libdeflate_gzip_compress_bound(storer_.get(), input_size));
  }

  std::size_t compress(base::ByteSpan input, base::MutableByteSpan output) override {
    return compress_with(looks_random(input) ? storer_.get() : compressor_.get(), input, output);
  }

 private:
  Compressor compressor_;
  Compressor storer_;
};

// Level 1, for those who ask for speed first: ISA-L is two to four times faster than libdeflate's fastest.
// This level's output (unlike that of its levels 2 and 3) is the same on every x86-64 with SSE4.2.
class IsalCodec final : public BlockCodec {
 public:
  IsalCodec() : level_buffer_(ISAL_DEF_LVL1_EXTRA_LARGE), stream_(std::make_unique<isal_zstream>()) {}

  // Stored blocks of 65,535 bytes are the worst case, at 5 bytes each; twice that for blocks cut short.
  std::size_t bound(std::size_t input_size) const override { return input_size + input_size / 4096 + 1024; }

  std::size_t compress(base::ByteSpan input, base::MutableByteSpan output) override {
    isal_deflate_init(stream_.get());
    stream_->level = kFastestLevel;
    stream_->level_buf = level_buffer_.data();
    stream_->level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
    stream_->gzip_flag = IGZIP_GZIP;
    stream_->end_of_stream = 1;
    // ISA-L's interface lacks const; it only reads.
    stream_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(input.data()));
    stream_->avail_in = static_cast<std::uint32_t>(input.size());
    stream_->next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_->avail_out = static_cast<std::uint32_t>(output.size());
    int result = isal_deflate(stream_.get());
    if (result != COMP_OK || stream_->internal_state.state != ZSTATE_END) {
      throw Error(ErrorKind::kInternal, fmt::format("cannot compress a gzip member: code {}", result));
    }
    return output.size() - stream_->avail_out;
  }

 private:
  std::vector<std::uint8_t> level_buffer_;
  std::unique_ptr<isal_zstream> stream_;
};

std::string_view describe(int code) {
  switch (code) {
    case ISAL_INVALID_WRAPPER:
      return "not a gzip header";
    case ISAL_UNSUPPORTED_METHOD:
      return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
      return "checksum does not match";
    case ISAL_INVALID_LOOKBACK:
      return "reference before the start of the data";
    default:
      return "malformed deflate data";
  }
}

class GzipSource final : public base::ByteSource {
 public:
  explicit GzipSource(base::ByteSource& in)
      : in_(in), buffer_(kInputBuffer), state_(std::make_unique<inflate_state>()) {}

  std::size_t read(base::MutableByteSpan buffer) override {
    if (buffer.empty()) return 0;
    while (true) {
      if (!in_member_ && !start_member()) return 0;
      if (std::size_t count = inflate(buffer)) return count;
    }
  }

 private:
  // Makes input available; false at its end.
  bool fill() {
    if (state_->avail_in > 0) return true;
    std::size_t count = in_.read(buffer_);
    state_->next_in = reinterpret_cast<std::uint8_t*>(buffer_.data());
    state_->avail_in = static_cast<std::uint32_t>(count);
    return count > 0;
  }

  bool start_member() {
    if (!fill()) {
      if (members_ == 0) throw Error(ErrorKind::kCorrupt, "gzip stream is empty");
      return false;
    }
    if (members_ > 0 && *state_->next_in == 0) {
      skip_padding();
      return false;
    }
    std::uint8_t* next = state_->next_in;
    std::uint32_t available = state_->avail_in;
    isal_inflate_init(state_.get());
    state_->next_in = next;
    state_->avail_in = available;
    ++members_;
    read_header();
    state_->crc_flag = ISAL_GZIP_NO_HDR_VER;
    in_member_ = true;
    return true;
  }

  // Apart from isal_inflate(), which would forget the header's flags when a header comes in several pieces.
  void read_header() {
    isal_gzip_header header{};
    isal_gzip_header_init(&header);
    while (true) {
      if (!fill()) throw Error(ErrorKind::kCorrupt, "gzip stream is truncated");
      int result = isal_read_gzip_header(state_.get(), &header);
      if (result == ISAL_DECOMP_OK) return;
      if (result != ISAL_END_INPUT) fail(result);
    }
  }

  [[noreturn]] void fail(int code) const {
    throw Error(ErrorKind::kCorrupt,
                fmt::format("gzip stream is corrupt in member {}: {}", members_, describe(code)));
  }

  // Tapes and block devices pad with zeros, as gzip(1) knows; anything else after the last member is damage.
  void skip_padding() {
    while (fill()) {
      const std::uint8_t* end = state_->next_in + state_->avail_in;
      if (std::any_of(static_cast<const std::uint8_t*>(state_->next_in), end,
                      [](std::uint8_t byte) { return byte != 0; })) {
        throw Error(ErrorKind::kCorrupt, "gzip stream has garbage after its end");
      }
      state_->avail_in = 0;
    }
  }

  // Returns 0 when the member ended without more output.
  std::size_t inflate(base::MutableByteSpan buffer) {
    std::size_t room = std::min<std::size_t>(buffer.size(), 1U << 30);
    while (true) {
      bool more = fill();
      state_->next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
      state_->avail_out = static_cast<std::uint32_t>(room);
      int result = isal_inflate(state_.get());
      if (result < 0 || result == ISAL_NEED_DICT) fail(result);
      std::size_t count = room - state_->avail_out;
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        in_member_ = false;
        return count;
      }
      if (count > 0) return count;
      if (!more) throw Error(ErrorKind::kCorrupt, "gzip stream is truncated");
    }
  }

  base::ByteSource& in_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<inflate_state> state_;
  std::uint64_t members_ = 0;
  bool in_member_ = false;
};

}  // namespace

void check_gzip_level(int level) {
  if (level < -1 || level > 9) {
    throw Error(ErrorKind::kUsage, fmt::format("gzip has no compression level {}", level))
        .hint("use a level from 0 to 9");
  }
}

std::unique_ptr<BlockCodec> make_gzip_codec(int level) {
  check_gzip_level(level);
  if (level == kFastestLevel) return std::make_unique<IsalCodec>();
  return std::make_unique<LibdeflateCodec>(level == -1 ? kDefaultLevel : level);
}

std::unique_ptr<base::ByteSource> make_gzip_source(base::ByteSource& in) {
  return std::make_unique<GzipSource>(in);
}

}  // namespace cooper::archive
