#include "registry/blob_reader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::registry {

BlobReader::BlobReader(std::shared_ptr<Transport> transport, const oci::Reference& repository,
                       const oci::Descriptor& descriptor, std::stop_token stop)
    : transport_(std::move(transport)),
      descriptor_(descriptor),
      stop_(std::move(stop)),
      retries_(transport_->options().retry, transport_->options().on_retry) {
  call_.repository = repository;
  call_.what = fmt::format("pull blob '{}'", descriptor.digest.str());
  call_.scopes = pull_scope(repository.repository);
  call_.http.url = fmt::format("/v2/{}/blobs/{}", repository.repository, descriptor.digest.str());
  connect();
}

// Always asks the registry, never where it sent us before: such an address is signed for a moment.
void BlobReader::connect() {
  Call call = call_;
  const bool wants_rest = offset_ > 0 && !without_ranges_;
  if (wants_rest) call.http.headers.emplace_back("Range", fmt::format("bytes={}-", offset_));
  stream_ = transport_->open(call, stop_);
  const net::Response& response = stream_->response();
  if (response.status == 206 && wants_rest) return check_range(response);
  if (response.status == 416 && wants_rest) {
    // Some storage serves no ranges at all, or not of this object.
    without_ranges_ = true;
    return connect();
  }
  if (response.status != 200) transport_->refuse(call_, response);
  if (offset_ == 0) check_announced_size(response);
  skip(offset_);  // a server without ranges sends everything again
}

void BlobReader::check_range(const net::Response& response) {
  const std::string* range = response.header("content-range");
  const std::string expected = fmt::format("bytes {}-{}/{}", offset_, descriptor_.size - 1, descriptor_.size);
  const std::string unsure = fmt::format("bytes {}-{}/*", offset_, descriptor_.size - 1);
  if (range != nullptr && (*range == expected || *range == unsure)) return;
  throw base::Error(base::ErrorKind::kRegistry,
                    fmt::format("registry '{}' sent another range of blob '{}' than was asked for",
                                call_.repository.host, descriptor_.digest.str()));
}

// A wrong size is said before the first byte is handed out: there may be another place to ask.
void BlobReader::check_announced_size(const net::Response& response) const {
  const std::string* length = response.header("content-length");
  if (length == nullptr || *length == std::to_string(descriptor_.size)) return;
  throw base::Error(
      base::ErrorKind::kCorrupt,
      fmt::format("blob '{}' from '{}' has {} bytes, not the {} that its manifest says",
                  descriptor_.digest.str(), call_.repository.name(), *length, descriptor_.size));
}

void BlobReader::skip(std::uint64_t count) {
  std::array<std::byte, 64 << 10> buffer;
  while (count > 0) {
    std::size_t length =
        stream_->read(base::MutableByteSpan(buffer.data(), std::min<std::uint64_t>(count, buffer.size())));
    if (length == 0) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("blob '{}' became shorter while it was read", descriptor_.digest.str()));
    }
    count -= length;
  }
}

std::size_t BlobReader::read(base::MutableByteSpan buffer) {
  if (ended_ || buffer.empty()) return 0;
  std::size_t length = read_some(buffer);
  if (length == 0) {
    ended_ = true;
    check_end();
    return 0;
  }
  hasher_.update(base::ByteSpan(buffer.data(), length));
  offset_ += length;
  if (offset_ > descriptor_.size) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' from '{}' is longer than the {} bytes its manifest says",
                                  descriptor_.digest.str(), call_.repository.name(), descriptor_.size));
  }
  return length;
}

std::size_t BlobReader::read_some(base::MutableByteSpan buffer) {
  while (true) {
    try {
      if (!stream_) connect();
      std::size_t length = stream_->read(buffer);
      if (length > 0) retries_.progress();
      return length;
    } catch (base::Error& error) {
      const bool was_open = stream_ != nullptr;
      stream_.reset();
      // All bytes came, and only the end did not: there is nothing to ask for.
      if (error.is_retryable() && was_open && offset_ == descriptor_.size) return 0;
      // connect() has been patient already.
      if (was_open && error.is_retryable() && retries_.again(resuming(error), stop_)) continue;
      if (error.trail().empty())
        error.context(fmt::format("{} of '{}'", call_.what, call_.repository.name()));
      throw;
    }
  }
}

base::Error BlobReader::resuming(const base::Error& error) const {
  return {error.kind(), fmt::format("{}; resuming at byte {}", error.summary(), offset_)};
}

void BlobReader::check_end() {
  if (offset_ < descriptor_.size) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' from '{}' ended after {} of {} bytes", descriptor_.digest.str(),
                                  call_.repository.name(), offset_, descriptor_.size));
  }
  base::Digest actual = hasher_.finish();
  if (actual != descriptor_.digest) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' from '{}' has the digest '{}'", descriptor_.digest.str(),
                                  call_.repository.name(), actual.str()));
  }
}

}  // namespace cooper::registry
