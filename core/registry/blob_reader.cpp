#include "registry/blob_reader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::registry {

BlobReader::BlobReader(std::shared_ptr<Transport> transport, const oci::Reference& repository,
                       const oci::Descriptor& descriptor, std::stop_token stop)
    : transport_(std::move(transport)), descriptor_(descriptor), stop_(std::move(stop)) {
  call_.repository = repository;
  call_.what = fmt::format("pull blob '{}'", descriptor.digest.str());
  call_.scopes = pull_scope(repository.repository);
  call_.http.url = fmt::format("/v2/{}/blobs/{}", repository.repository, descriptor.digest.str());
  connect();
}

void BlobReader::connect() {
  Call call = call_;
  if (offset_ > 0) call.http.headers.emplace_back("Range", fmt::format("bytes={}-", offset_));
  stream_ = transport_->open(call, stop_);
  const net::Response& response = stream_->response();
  if (offset_ == 0) {
    if (response.status != 200) transport_->refuse(call_, response);
    check_announced_size(response);
    return;
  }
  if (response.status == 206) {
    const std::string* range = response.header("content-range");
    if (range != nullptr && range->rfind(fmt::format("bytes {}-", offset_), 0) == 0) return;
    throw base::Error(base::ErrorKind::kRegistry,
                      fmt::format("registry '{}' sent another range of blob '{}' than was asked for",
                                  call_.repository.host, descriptor_.digest.str()));
  }
  if (response.status != 200) transport_->refuse(call_, response);
  skip(offset_);  // a server without ranges sends everything again
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
    if (!stream_) connect();
    try {
      std::size_t length = stream_->read(buffer);
      if (length > 0) failures_ = 0;
      return length;
    } catch (base::Error& error) {
      stream_.reset();
      if (!error.is_retryable() || ++failures_ >= transport_->options().retry.attempts) {
        if (error.trail().empty())
          error.context(fmt::format("{} of '{}'", call_.what, call_.repository.name()));
        throw;
      }
      if (transport_->options().on_retry) {
        transport_->options().on_retry(fmt::format("{}; resuming at byte {}", error.summary(), offset_));
      }
    }
  }
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
