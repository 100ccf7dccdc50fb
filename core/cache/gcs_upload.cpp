#include "cache/gcs_upload.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "cache/part_upload.h"

namespace cooper::cache {

namespace {

// A multiple of 256 KiB, as every chunk but the last must be.
constexpr std::uint64_t kChunk = 16 << 20;
constexpr int kIncomplete = 308;
constexpr std::chrono::seconds kGiveUpPatience{5};

// "bytes=0-42" → 43; no header: 0.
std::uint64_t stored_bytes(const net::Response& response) {
  const std::string* range = response.header("range");
  if (range == nullptr) return 0;
  std::uint64_t last = 0;
  const char* number = range->data() + range->find('-') + 1;
  const bool is_valid = range->rfind("bytes=0-", 0) == 0 &&
                        std::from_chars(number, range->data() + range->size(), last).ec == std::errc();
  return is_valid ? last + 1 : 0;
}

}  // namespace

GcsUpload::GcsUpload(ObjectTransport& transport, ObjectCall call, std::string session)
    : transport_(transport), call_(std::move(call)), session_(std::move(session)) {}

net::Response GcsUpload::send(const ObjectStore::Body& body, const std::stop_token& stop) {
  total_ = body.size;
  net::Response last;
  try {
    auto send = [&](std::size_t, base::ByteSpan chunk, const std::stop_token& ending) {
      last = send_chunk(chunk, chunk_start_ + chunk.size() == total_, ending);
      chunk_start_ += chunk.size();
    };
    upload_parts(body, kChunk, 1, send, stop);
  } catch (...) {
    give_up();
    throw;
  }
  return last;
}

net::Response GcsUpload::send_chunk(base::ByteSpan chunk, bool is_last, const std::stop_token& stop) {
  bool is_again = false;
  auto attempt = [&] {
    // What came of the attempt before is known to the service only.
    if (std::exchange(is_again, true)) {
      net::Response progress = ask_progress(stop);
      bool is_through = progress.status != kIncomplete || stored_ >= chunk_start_ + chunk.size();
      if (is_through) return progress;
    }
    net::Response response;
    do {
      response = send_from(chunk, stop);
    } while (response.status == kIncomplete && stored_ < chunk_start_ + chunk.size());
    return response;
  };
  net::Response response = transport_.retry(call_, attempt, stop);
  const bool is_right = is_last ? response.status != kIncomplete : response.status == kIncomplete;
  if (!is_right || (!is_last && stored_ != chunk_start_ + chunk.size())) {
    if (response.status >= 400) transport_.refuse(call_, response);
    throw transport_.error(call_, fmt::format("ended the upload with {} after {} of {} bytes",
                                              response.status, stored_, total_));
  }
  return response;
}

// Sends what the service does not have yet of this chunk.
net::Response GcsUpload::send_from(base::ByteSpan chunk, const std::stop_token& stop) {
  const std::uint64_t start = stored_;
  if (start < chunk_start_)
    throw transport_.error(call_, fmt::format("lost what was uploaded after {} bytes", start));
  base::ByteSpan rest = chunk.subspan(std::min<std::uint64_t>(start - chunk_start_, chunk.size()));
  ObjectCall part = put();
  part.headers = {{"Content-Range", fmt::format("bytes {}-{}/{}", start, start + rest.size() - 1, total_)}};
  part.stream = memory_body(rest);
  net::Response response = transport_.send_once(part, stop);
  if (response.status != kIncomplete) return response;
  note_progress(response);
  if (stored_ <= start) throw transport_.error(call_, "took none of what was uploaded").retryable();
  return response;
}

net::Response GcsUpload::ask_progress(const std::stop_token& stop) {
  ObjectCall ask = put();
  ask.headers = {{"Content-Range", fmt::format("bytes */{}", total_)}};
  net::Response response = transport_.send_once(ask, stop);
  if (response.status == kIncomplete) note_progress(response);
  return response;
}

void GcsUpload::note_progress(const net::Response& response) {
  stored_ = stored_bytes(response);
}

// Also when the build was stopped, so without its stop token; a session that is left ends by itself.
void GcsUpload::give_up() noexcept {
  try {
    ObjectCall end = put();
    end.method = "DELETE";
    end.patience = kGiveUpPatience;
    transport_.send_once(end, {});
  } catch (const std::exception&) {
    return;
  }
}

ObjectCall GcsUpload::put() const {
  ObjectCall put;
  put.what = call_.what;
  put.method = "PUT";
  put.path = session_;
  return put;
}

}  // namespace cooper::cache
