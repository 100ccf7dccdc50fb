#include "archive/compression.h"

#include <cstdint>
#include <vector>

#include "archive/block_compressor.h"
#include "archive/gzip.h"
#include "archive/zstd.h"

namespace cooper::archive {
namespace {

class PlainSink final : public base::ByteSink {
 public:
  explicit PlainSink(base::ByteSink& out) : out_(out) {}
  void write(base::ByteSpan data) override { out_.write(data); }
  void finish() override { out_.finish(); }

 private:
  base::ByteSink& out_;
};

class PlainSource final : public base::ByteSource {
 public:
  explicit PlainSource(base::ByteSource& in) : in_(in) {}
  std::size_t read(base::MutableByteSpan buffer) override { return in_.read(buffer); }

 private:
  base::ByteSource& in_;
};

}  // namespace

std::unique_ptr<base::ByteSink> make_compressor(const CompressionOptions& options, base::ByteSink& out,
                                                base::ThreadPool* pool) {
  switch (options.type) {
    case Compression::kGzip: {
      check_gzip_level(options.level);
      return std::make_unique<BlockCompressor>([level = options.level] { return make_gzip_codec(level); },
                                               kGzipBlockSize, out, pool);
    }
    case Compression::kZstd: {
      unsigned workers = pool == nullptr ? 1 : static_cast<unsigned>(pool->size());
      return make_zstd_sink(options.level, workers, out);
    }
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainSink>(out);
}

std::unique_ptr<base::ByteSource> make_decompressor(Compression type, base::ByteSource& in) {
  switch (type) {
    case Compression::kGzip:
      return make_gzip_source(in);
    case Compression::kZstd:
      return make_zstd_source(in);
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainSource>(in);
}

Compression sniff_compression(base::ByteSpan first_bytes) {
  auto byte = [&](std::size_t at) {
    return at < first_bytes.size() ? std::to_integer<std::uint32_t>(first_bytes[at]) : 0U;
  };
  if (byte(0) == 0x1f && byte(1) == 0x8b && byte(2) == 8) return Compression::kGzip;
  std::uint32_t magic = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
  // zstd:chunked and pzstd begin with a skippable frame (RFC 8878, 3.1.2).
  if (magic == 0xFD2FB528 || (magic & 0xFFFFFFF0) == 0x184D2A50) return Compression::kZstd;
  return Compression::kNone;
}

}  // namespace cooper::archive
