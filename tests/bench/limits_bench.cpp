// The machine's limits on one core: what a build cannot be faster than. Rates are of uncompressed data.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <random>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>
#include <zstd.h>

#include "base/digest.h"
#include "os/fd.h"

namespace cooper {
namespace {

constexpr std::size_t kSize = 16 << 20;

// What layers are made of: half of it random, half words.
std::string make_mix() {
  constexpr std::size_t kPiece = 64 << 10;
  const std::vector<std::string> words = {"return", "const",  "value", "layer", "index",
                                          "digest", "string", "{",     "}",     ";\n"};
  std::mt19937 dice(1);
  std::string mix;
  while (mix.size() < kSize) {
    for (std::size_t i = 0; i < kPiece; ++i) mix += static_cast<char>(dice());
    for (const std::size_t end = mix.size() + kPiece; mix.size() < end;) {
      mix += dice() % 4 == 0 ? std::to_string(dice()) : words[dice() % words.size()];
      mix += ' ';
    }
  }
  mix.resize(kSize);
  return mix;
}

const std::string& mix() {
  static const std::string data = make_mix();
  return data;
}

void count(benchmark::State& state, std::size_t compressed) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kSize));
  if (compressed > 0) state.counters["ratio"] = static_cast<double>(kSize) / static_cast<double>(compressed);
}

void sha256(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(base::sha256(std::string_view(mix())));
  count(state, 0);
}
BENCHMARK(sha256)->Name("SHA-256");

void igzip(benchmark::State& state) {
  const auto level = static_cast<std::uint32_t>(state.range(0));
  std::vector<std::uint8_t> buffer(ISAL_DEF_LVL3_EXTRA_LARGE);
  std::vector<std::uint8_t> out(2 * kSize);
  std::size_t size = 0;
  for (auto _ : state) {
    isal_zstream stream;
    isal_deflate_init(&stream);
    stream.end_of_stream = 1;
    stream.gzip_flag = IGZIP_GZIP;
    stream.level = level;
    stream.level_buf = buffer.data();
    stream.level_buf_size = static_cast<std::uint32_t>(buffer.size());
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(mix().data()));
    stream.avail_in = kSize;
    stream.next_out = out.data();
    stream.avail_out = static_cast<std::uint32_t>(out.size());
    if (isal_deflate(&stream) != COMP_OK) state.SkipWithError("igzip failed");
    size = stream.total_out;
  }
  count(state, size);
}
BENCHMARK(igzip)->Name("gzip, igzip, level")->Arg(1)->Arg(3);

void deflate(benchmark::State& state) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(static_cast<int>(state.range(0)));
  std::vector<std::uint8_t> out(libdeflate_gzip_compress_bound(compressor, kSize));
  std::size_t size = 0;
  for (auto _ : state)
    size = libdeflate_gzip_compress(compressor, mix().data(), kSize, out.data(), out.size());
  libdeflate_free_compressor(compressor);
  count(state, size);
}
BENCHMARK(deflate)->Name("gzip, libdeflate, level")->Arg(1)->Arg(6);

void zlib(benchmark::State& state) {
  std::vector<std::uint8_t> out(::compressBound(kSize));
  uLongf size = 0;
  for (auto _ : state) {
    size = out.size();
    ::compress2(out.data(), &size, reinterpret_cast<const Bytef*>(mix().data()), kSize,
                static_cast<int>(state.range(0)));
  }
  count(state, size);
}
BENCHMARK(zlib)->Name("deflate, zlib, level")->Arg(6);

void zstd(benchmark::State& state) {
  std::vector<std::uint8_t> out(ZSTD_compressBound(kSize));
  std::size_t size = 0;
  for (auto _ : state)
    size = ZSTD_compress(out.data(), out.size(), mix().data(), kSize, static_cast<int>(state.range(0)));
  count(state, size);
}
BENCHMARK(zstd)->Name("zstd, level")->Arg(1)->Arg(3);

void inflate(benchmark::State& state) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::vector<std::uint8_t> packed(libdeflate_gzip_compress_bound(compressor, kSize));
  packed.resize(libdeflate_gzip_compress(compressor, mix().data(), kSize, packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  std::vector<std::uint8_t> out(kSize);
  for (auto _ : state) {
    inflate_state stream;
    isal_inflate_init(&stream);
    stream.crc_flag = ISAL_GZIP;
    stream.next_in = packed.data();
    stream.avail_in = static_cast<std::uint32_t>(packed.size());
    stream.next_out = out.data();
    stream.avail_out = kSize;
    if (isal_inflate(&stream) != ISAL_DECOMP_OK) state.SkipWithError("igzip failed");
  }
  count(state, 0);
}
BENCHMARK(inflate)->Name("gunzip, igzip");

// A directory of its own for every measurement, below $BENCH_DIRECTORY.
std::string make_directory() {
  const char* parent = std::getenv("BENCH_DIRECTORY");
  std::string name = std::string(parent != nullptr ? parent : "/tmp") + "/limits-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

// 1 KiB each, in directories of a hundred. Never removed: emptying a directory makes the file system slow.
void create_files(benchmark::State& state) {
  const std::string directory = make_directory();
  const std::string_view content = std::string_view(mix()).substr(0, 1024);
  std::int64_t number = 0;
  for (auto _ : state) {
    const std::string folder = directory + "/" + std::to_string(number / 100);
    if (number % 100 == 0) ::mkdir(folder.c_str(), 0755);
    os::Fd file(::open((folder + "/" + std::to_string(number++)).c_str(),
                       O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644));
    if (::write(file.get(), content.data(), content.size()) != 1024) state.SkipWithError("cannot write");
  }
  state.SetItemsProcessed(number);
}
BENCHMARK(create_files)->Name("files of 1 KiB created")->Iterations(20'000);

void copy_disk(benchmark::State& state) {
  const std::string directory = make_directory();
  int number = 0;
  for (auto _ : state) {
    os::Fd file(
        ::open((directory + "/" + std::to_string(number++)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    for (int i = 0; i < 8; ++i) {
      if (::write(file.get(), mix().data(), kSize) != static_cast<ssize_t>(kSize))
        state.SkipWithError("cannot write");
    }
    ::fdatasync(file.get());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * 8 * kSize));
}
BENCHMARK(copy_disk)->Name("written to disk and synced")->Iterations(4);

}  // namespace
}  // namespace cooper

BENCHMARK_MAIN();
