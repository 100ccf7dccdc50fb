// What the writer accepts, the reader gives back.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/tar_reader.h"
#include "archive/tar_writer.h"
#include "base/error.h"

namespace {

namespace archive = cooper::archive;
namespace base = cooper::base;

// Takes values off the front of the input; zeros once it is used up.
class Input {
 public:
  explicit Input(std::string_view data) : rest_(data) {}
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (; size > 0; --size) value = value << 8 | byte();
    return value;
  }
  std::string text() {
    std::size_t count = std::min<std::size_t>(number(2) % 600, rest_.size());
    std::string text(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return text;
  }

 private:
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view rest_;
};

archive::TarEntry make_entry(Input& input) {
  archive::TarEntry entry;
  entry.type = static_cast<archive::EntryType>(input.number(1) % 7);
  entry.mode = input.number(2) & 07777;
  entry.uid = static_cast<std::uint32_t>(input.number(4));
  entry.gid = static_cast<std::uint32_t>(input.number(4));
  entry.mtime = static_cast<std::int64_t>(input.number(8));
  entry.mtime_nsec = static_cast<std::uint32_t>(input.number(4) % 1'000'000'000);
  entry.path = input.text();
  if (entry.type == archive::EntryType::kSymlink || entry.type == archive::EntryType::kHardlink)
    entry.link_target = input.text();
  if (entry.type == archive::EntryType::kCharDevice || entry.type == archive::EntryType::kBlockDevice) {
    entry.device_major = static_cast<std::uint32_t>(input.number(3));
    entry.device_minor = static_cast<std::uint32_t>(input.number(3));
  }
  for (std::uint64_t count = input.number(1) % 4; count > 0; --count) {
    std::string key = input.text();
    entry.xattrs[key] = input.text();
  }
  return entry;
}

std::string write(const archive::TarEntry& entry, const std::string& content) {
  base::StringSink out;
  archive::TarWriter writer(out);
  writer.begin(entry);
  writer.write_content(std::as_bytes(std::span(content)));
  writer.finish();
  return out.take();
}

void require(bool holds) {
  if (!holds) std::abort();
}

void expect_same(const archive::TarEntry& got, archive::TarEntry wanted) {
  if (wanted.type == archive::EntryType::kDirectory) {
    // The root, and slashes at the end, have one form only.
    if (wanted.path.empty()) wanted.path = ".";
    std::size_t last = wanted.path.find_last_not_of('/');
    wanted.path = last == std::string::npos ? got.path : wanted.path.substr(0, last + 1);
  }
  require(got.path == wanted.path && got.type == wanted.type && got.mode == wanted.mode);
  require(got.uid == wanted.uid && got.gid == wanted.gid && got.size == wanted.size);
  require(got.mtime == wanted.mtime && got.mtime_nsec == wanted.mtime_nsec);
  require(got.link_target == wanted.link_target && got.xattrs == wanted.xattrs);
  require(got.device_major == wanted.device_major && got.device_minor == wanted.device_minor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Input input({reinterpret_cast<const char*>(bytes), size});
  archive::TarEntry entry = make_entry(input);
  std::string content = entry.type == archive::EntryType::kFile ? input.text() : "";
  entry.size = content.size();
  std::string tar;
  try {
    tar = write(entry, content);
  } catch (const base::Error&) {
    return 0;
  }
  base::MemorySource in{std::string_view(tar)};
  archive::TarReader reader(in);
  expect_same(reader.next().value(), entry);
  std::string got(content.size() + 1, '\0');
  std::size_t count = reader.read(std::as_writable_bytes(std::span(got)));
  got.resize(count);
  require(got == content && !reader.next());
  return 0;
}
