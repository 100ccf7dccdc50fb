#include "archive/zstd.h"

#include <cstddef>
#include <fmt/format.h>
#include <new>
#include <vector>
#include <zstd.h>

#include "base/error.h"

namespace cooper::archive {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int kDefaultLevel = 3;
constexpr int kJobSize = 4 << 20;
constexpr int kOverlapWholeWindow = 9;
constexpr int kMaxWindowLog = 27;  // 128 MiB, what zstd(1) and Go's reader accept

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdSink final : public base::ByteSink {
 public:
  ZstdSink(int level, unsigned workers, base::ByteSink& out)
      : out_(out), buffer_(ZSTD_CStreamOutSize()), context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    set(ZSTD_c_compressionLevel, level == -1 ? kDefaultLevel : level);
    set(ZSTD_c_checksumFlag, 1);
    // Without workers libzstd takes another path, with other output; so there is always one.
    set(ZSTD_c_nbWorkers, static_cast<int>(workers));
    set(ZSTD_c_jobSize, kJobSize);
    set(ZSTD_c_overlapLog, kOverlapWholeWindow);
  }

  void write(base::ByteSpan data) override {
    ZSTD_inBuffer input{data.data(), data.size(), 0};
    while (input.pos < input.size) pump(input, ZSTD_e_continue);
  }

  void finish() override {
    ZSTD_inBuffer input{nullptr, 0, 0};
    while (pump(input, ZSTD_e_end) != 0) {
    }
    out_.finish();
  }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    std::size_t result = ZSTD_CCtx_setParameter(context_.get(), parameter, value);
    if (ZSTD_isError(result) != 0) {
      throw Error(ErrorKind::kInternal, fmt::format("cannot set up zstd: {}", ZSTD_getErrorName(result)));
    }
  }

  std::size_t pump(ZSTD_inBuffer& input, ZSTD_EndDirective directive) {
    ZSTD_outBuffer output{buffer_.data(), buffer_.size(), 0};
    std::size_t result = ZSTD_compressStream2(context_.get(), &output, &input, directive);
    if (ZSTD_isError(result) != 0) {
      throw Error(ErrorKind::kIo, fmt::format("cannot compress with zstd: {}", ZSTD_getErrorName(result)));
    }
    if (output.pos > 0) out_.write(base::ByteSpan(buffer_).first(output.pos));
    return result;
  }

  base::ByteSink& out_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

class ZstdSource final : public base::ByteSource {
 public:
  explicit ZstdSource(base::ByteSource& in)
      : in_(in), buffer_(ZSTD_DStreamInSize()), context_(ZSTD_createDCtx()), input_{buffer_.data(), 0, 0} {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  std::size_t read(base::MutableByteSpan buffer) override {
    if (buffer.empty()) return 0;
    while (true) {
      bool more = fill();
      if (!more && between_frames_) {
        if (!any_frame_) throw Error(ErrorKind::kCorrupt, "zstd stream is empty");
        return 0;
      }
      ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
      std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input_);
      if (ZSTD_isError(result) != 0) {
        throw Error(ErrorKind::kCorrupt,
                    fmt::format("zstd stream is corrupt: {}", ZSTD_getErrorName(result)));
      }
      any_frame_ = true;
      between_frames_ = result == 0;
      if (output.pos > 0) return output.pos;
      if (!more && !between_frames_) throw Error(ErrorKind::kCorrupt, "zstd stream is truncated");
    }
  }

 private:
  // Makes input available; false at its end.
  bool fill() {
    if (input_.pos < input_.size) return true;
    input_.size = in_.read(buffer_);
    input_.pos = 0;
    return input_.size > 0;
  }

  base::ByteSource& in_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  ZSTD_inBuffer input_;
  bool between_frames_ = true;
  bool any_frame_ = false;
};

}  // namespace

std::unique_ptr<base::ByteSink> make_zstd_sink(int level, unsigned workers, base::ByteSink& out) {
  if (level != -1 && (level < 1 || level > ZSTD_maxCLevel())) {
    throw Error(ErrorKind::kUsage, fmt::format("zstd has no compression level {}", level))
        .hint("use a level from 1 to 22");
  }
  return std::make_unique<ZstdSink>(level, workers, out);
}

std::unique_ptr<base::ByteSource> make_zstd_source(base::ByteSource& in) {
  return std::make_unique<ZstdSource>(in);
}

}  // namespace cooper::archive
