#include "cache/part_upload.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/guarded.h"

namespace cooper::cache {

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kSmallestPart = 16 * kMiB;

// Cuts a stream; threads take turns.
class Parts {
 public:
  Parts(const ObjectStore::Body& body, std::uint64_t part_size)
      : source_(body.open()), rest_(body.size), part_size_(part_size) {}

  // The next part's number, its bytes in `buffer`; nullopt after the last one.
  std::optional<std::size_t> next(std::vector<std::byte>& buffer) {
    std::scoped_lock lock(mutex_);
    if (rest_ == 0) return std::nullopt;
    buffer.resize(std::min(rest_, part_size_));
    for (std::size_t filled = 0; filled < buffer.size();) {
      std::size_t length = source_->read(base::MutableByteSpan(buffer).subspan(filled));
      if (length == 0) {
        throw base::Error(base::ErrorKind::kCorrupt,
                          fmt::format("what is uploaded ended {} bytes early", rest_ - filled));
      }
      filled += length;
    }
    rest_ -= buffer.size();
    return number_++;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<base::ByteSource> source_;
  std::uint64_t rest_;
  const std::uint64_t part_size_;
  std::size_t number_ = 0;
};

}  // namespace

std::uint64_t part_size_for(std::uint64_t size, std::uint64_t most_parts) {
  std::uint64_t needed = (size + most_parts - 1) / most_parts;
  return std::max(kSmallestPart, (needed + kMiB - 1) / kMiB * kMiB);
}

void upload_parts(const ObjectStore::Body& body, std::uint64_t part_size, int parallelism,
                  const SendPart& send, const std::stop_token& stop) {
  Parts parts(body, part_size);
  std::stop_source ending;
  std::stop_callback forward(stop, [&] { ending.request_stop(); });
  base::Guarded<std::optional<base::Error>> failure;
  auto fail = [&](const base::Error& error) {
    failure.with([&](std::optional<base::Error>& first) {
      if (!first) first = error;
    });
    ending.request_stop();
  };
  auto work = [&] {
    try {
      std::vector<std::byte> buffer;
      while (!ending.stop_requested()) {
        std::optional<std::size_t> number = parts.next(buffer);
        if (!number) return;
        send(*number, buffer, ending.get_token());
      }
    } catch (const base::Error& error) {
      fail(error);
    } catch (const std::exception& error) {
      fail({base::ErrorKind::kInternal, error.what()});
    }
  };
  {
    const std::uint64_t count = (body.size + part_size - 1) / part_size;
    std::vector<std::jthread> threads;
    for (std::uint64_t i = std::min<std::uint64_t>(count, std::max(1, parallelism)); i > 0; --i)
      threads.emplace_back(work);
  }
  base::throw_if_stopped(stop);
  failure.with([](const std::optional<base::Error>& first) {
    if (first) throw base::Error(*first);
  });
}

ObjectStore::Body memory_body(base::ByteSpan data) {
  return {data.size(), [data] { return std::make_unique<base::MemorySource>(data); }};
}

}  // namespace cooper::cache
