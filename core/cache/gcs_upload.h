// One resumable upload to Google Cloud Storage. Private to gcs_store.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "cache/object_store.h"
#include "cache/object_transport.h"

namespace cooper::cache {

class GcsUpload final {
 public:
  // `call`: for errors. `session`: the URL that the service gave.
  GcsUpload(ObjectTransport& transport, ObjectCall call, std::string session);

  // Sends all of it, 16 MiB in memory at a time, and returns the final answer. Gives the session up when it
  // throws.
  net::Response send(const ObjectStore::Body& body, const std::stop_token& stop);

 private:
  net::Response send_chunk(base::ByteSpan chunk, bool is_last, const std::stop_token& stop);
  net::Response send_from(base::ByteSpan chunk, const std::stop_token& stop);
  net::Response ask_progress(const std::stop_token& stop);
  void note_progress(const net::Response& response);
  void give_up() noexcept;
  ObjectCall put() const;

  ObjectTransport& transport_;
  const ObjectCall call_;
  const std::string session_;
  std::uint64_t total_ = 0;
  std::uint64_t chunk_start_ = 0;
  std::uint64_t stored_ = 0;  // bytes that the service is known to have
};

}  // namespace cooper::cache
