// A blob on its way down: verified while it is read, resumed when the connection drops. Private to registry.
#pragma once

#include <memory>
#include <stop_token>

#include "base/bytes.h"
#include "oci/descriptor.h"
#include "registry/transport.h"

namespace cooper::registry {

class BlobReader final : public base::ByteSource {
 public:
  BlobReader(std::shared_ptr<Transport> transport, const oci::Reference& repository,
             const oci::Descriptor& descriptor, std::stop_token stop);
  std::size_t read(base::MutableByteSpan buffer) override;
  std::optional<base::Digest> proven_digest() const override { return descriptor_.digest; }

 private:
  void connect();
  void check_announced_size(const net::Response& response) const;
  void skip(std::uint64_t count);
  std::size_t read_some(base::MutableByteSpan buffer);
  void check_range(const net::Response& response);
  base::Error resuming(const base::Error& error) const;
  void check_end();

  std::shared_ptr<Transport> transport_;
  Call call_;
  const oci::Descriptor descriptor_;
  std::stop_token stop_;
  std::unique_ptr<net::ResponseStream> stream_;
  base::Hasher hasher_;
  std::uint64_t offset_ = 0;  // bytes handed out
  net::Retries retries_;      // since the last byte
  bool without_ranges_ = false;
  bool ended_ = false;
};

}  // namespace cooper::registry
