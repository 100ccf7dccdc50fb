// What the archive tests share: data, odd sources and sinks, a folder to run other tars in, and headers made
// by hand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <stdlib.h>
#include <string>
#include <string_view>

#include "archive/tar_format.h"
#include "base/bytes.h"
#include "base/error.h"

namespace cooper::archive::fixtures {

inline base::ByteSpan bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string random_bytes(std::size_t size, std::uint32_t seed = 1) {
  std::mt19937 generator(seed);
  std::string data(size, '\0');
  for (char& byte : data) byte = static_cast<char>(generator());
  return data;
}

inline std::string words(std::size_t size, std::uint32_t seed = 1) {
  static constexpr std::string_view kWords[] = {"layer ",   "image ",  "return ", "const ",
                                                "value;\n", "digest ", "{\n",     "}\n"};
  std::mt19937 generator(seed);
  std::string data;
  while (data.size() < size) {
    std::size_t pick = generator() % 10;
    data += pick < 8 ? std::string(kWords[pick]) : std::to_string(generator()) + " ";
  }
  data.resize(size);
  return data;
}

// Gives its data in pieces of at most `step` bytes.
class DrippingSource final : public base::ByteSource {
 public:
  DrippingSource(std::string_view data, std::size_t step) : rest_(data), step_(step) {}
  std::size_t read(base::MutableByteSpan buffer) override {
    std::size_t count = std::min({step_, buffer.size(), rest_.size()});
    std::copy_n(bytes(rest_).begin(), count, buffer.begin());
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
  std::size_t step_;
};

class FailingSource final : public base::ByteSource {
 public:
  explicit FailingSource(std::string_view data) : data_(data) {}
  std::size_t read(base::MutableByteSpan buffer) override {
    std::size_t count = data_.read(buffer);
    if (count == 0) throw base::Error(base::ErrorKind::kRegistry, "the line dropped");
    return count;
  }

 private:
  base::MemorySource data_;
};

inline std::string read_whole(base::ByteSource& source, std::size_t step = 64 << 10) {
  std::string text;
  std::string buffer(step, '\0');
  while (std::size_t count = source.read(std::as_writable_bytes(std::span(buffer))))
    text.append(buffer, 0, count);
  return text;
}

// Expects an Error of that kind whose summary contains `part`.
template <typename Action>
void expect_error(base::ErrorKind kind, std::string_view part, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error, expected one with '" << part << "'";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.summary();
    EXPECT_NE(error.summary().find(part), std::string::npos) << error.summary();
  }
}

// A temporary folder that other programs are run in.
class Workshop {
 public:
  Workshop() {
    std::string pattern = std::filesystem::temp_directory_path() / "cooper-archive-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw base::os_error(errno, "create", pattern);
    root_ = pattern;
  }
  ~Workshop() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  std::filesystem::path path(std::string_view name) const { return root_ / name; }
  void put(std::string_view name, std::string_view data) const {
    std::ofstream(path(name), std::ios::binary).write(data.data(), static_cast<std::streamsize>(data.size()));
  }
  std::string get(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Runs a shell command inside; what it says is in out().
  bool run(const std::string& command) const {
    return std::system(("cd '" + root_.string() + "' && ( " + command + " ) >out 2>&1").c_str()) == 0;
  }
  std::string out() const { return get("out"); }
  static bool has(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
  }

 private:
  std::filesystem::path root_;
};

// A ustar header made by hand; `size` in octal as in the archive.
struct RawHeader {
  std::string name = "file";
  char type = '0';
  std::string size = "00000000000";
  std::string magic = std::string("ustar\0", 6) + "00";
  std::string uid = "0000000";
  std::string mtime = "00000000000";
  std::string link;
  std::string prefix;

  tar::Block block() const {
    tar::Block raw{};
    auto put = [&](tar::Field place, const std::string& text) {
      std::copy_n(text.begin(), std::min(text.size(), place.size),
                  raw.begin() + static_cast<std::ptrdiff_t>(place.at));
    };
    put(tar::kName, name);
    put(tar::kMode, "0000644");
    put(tar::kUid, uid);
    put(tar::kGid, "0000000");
    put(tar::kSize, size);
    put(tar::kMtime, mtime);
    put(tar::kType, std::string(1, type));
    put(tar::kLinkName, link);
    put(tar::kMagic, magic);
    put(tar::kPrefix, prefix);
    tar::set_checksum(raw);
    return raw;
  }
  std::string str() const {
    tar::Block raw = block();
    return {raw.data(), raw.size()};
  }
};

inline std::string padded(std::string text) {
  text.resize(text.size() + tar::padding(text.size()));
  return text;
}

inline std::string octal(std::uint64_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%011llo", static_cast<unsigned long long>(value));
  return text;
}

// A header of `type` with `content` after it.
inline std::string member(RawHeader header, const std::string& content) {
  header.size = octal(content.size());
  return header.str() + padded(content);
}

inline std::string end_mark() {
  return std::string(2 * tar::kBlockSize, '\0');
}

}  // namespace cooper::archive::fixtures
