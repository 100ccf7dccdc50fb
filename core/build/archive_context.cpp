#include "build/archive_context.h"

#include <algorithm>
#include <fmt/format.h>

#include "archive/foreign.h"
#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::build {
namespace {

// bzip2 gives nothing before it has a block of 900 kB; what needs more than this to show a header is hostile.
constexpr std::size_t kLongestLook = 4 << 20;

// Keeps what was read while one looked, and gives it again.
class Rewindable final : public base::ByteSource {
 public:
  Rewindable(base::ByteSource& source, const std::stop_token& stop) : source_(source), stop_(stop) {}

  std::size_t read(base::MutableByteSpan buffer) override {
    base::throw_if_stopped(stop_);
    return looking_ ? look(buffer) : give(buffer);
  }
  void rewind() { looking_ = false; }

 private:
  std::size_t look(base::MutableByteSpan buffer) {
    std::size_t room = kLongestLook - seen_.size();
    if (room == 0) return 0;
    std::size_t count = source_.read(buffer.first(std::min(buffer.size(), room)));
    seen_.insert(seen_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  std::size_t give(base::MutableByteSpan buffer) {
    if (given_ == seen_.size()) return source_.read(buffer);
    std::size_t count = std::min(buffer.size(), seen_.size() - given_);
    std::copy_n(seen_.begin() + static_cast<std::ptrdiff_t>(given_), count, buffer.begin());
    given_ += count;
    return count;
  }

  base::ByteSource& source_;
  std::stop_token stop_;
  std::vector<std::byte> seen_;
  std::size_t given_ = 0;
  bool looking_ = true;
};

}  // namespace

ArchiveOrText read_archive_or_text(base::ByteSource& in, const std::string& name, const store::Store& store,
                                   std::int64_t now, const std::stop_token& stop) {
  Rewindable source(in, stop);
  bool is_archive = archive::is_unpackable(source);
  source.rewind();
  if (is_archive) return {ops::ArchiveTree::unpack(source, name, store.make_temp("context-"), now), {}};
  std::string text = base::read_all(source, kDockerfileLimit, fmt::format("'{}'", name));
  if (text.find('\0') == std::string::npos) return {nullptr, std::move(text)};
  throw base::Error(base::ErrorKind::kContext, fmt::format("'{}' is neither a tar nor a Dockerfile", name))
      .hint("give a tar, plain or compressed with gzip, bzip2, xz or zstd");
}

}  // namespace cooper::build
