// The requests of one upload session. OCI distribution-spec v1.1, "Pushing blobs". Private to registry.
//
// Each is sent once: what an answer, or none, means for the upload is decided in resumable_upload.h and
// streaming_upload.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "registry/blob_parts.h"
#include "registry/transport.h"

namespace cooper::registry {

// Where an upload goes on: the newest location, and how many bytes the registry has.
struct UploadPoint {
  std::string location;
  std::uint64_t offset = 0;
};

// Whether the blob is there: 200 or 404.
net::Response head_blob(Transport& transport, Call call, const base::Digest& digest,
                        const std::stop_token& stop);
// Asks for a session: 202 with a location, or 201 when the registry mounted `mount` (may be null) instead.
net::Response post_session(Transport& transport, Call call, const PushBlob* mount,
                           const std::stop_token& stop);
// All of the blob, which also closes the session.
net::Response put_whole(Transport& transport, Call call, const PushBlob& blob, BlobParts& parts,
                        const std::string& location, const std::stop_token& stop);
// `length` bytes from point.offset on. All of the blob is sent as `docker push` does, without a range.
net::Response patch_part(Transport& transport, Call call, const PushBlob& blob, BlobParts& parts,
                         const UploadPoint& point, std::uint64_t length, const std::stop_token& stop);
// Closes the session as `digest`.
net::Response put_commit(Transport& transport, Call call, const base::Digest& digest,
                         const std::string& location, const std::stop_token& stop);
// What the registry has of an upload that broke; nullopt when the session is gone or nothing is known of it.
std::optional<UploadPoint> ask_status(Transport& transport, Call call, const std::string& location,
                                      const std::stop_token& stop);
// Where the session goes on after `response`: its location if it has one, else `location`; and the bytes that
// its Range says the registry has, else `offset`.
UploadPoint point_after(Transport& transport, const Call& call, const net::Response& response,
                        UploadPoint otherwise);

}  // namespace cooper::registry
