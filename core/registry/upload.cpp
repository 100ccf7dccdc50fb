#include "registry/upload.h"

#include <fmt/format.h>
#include <utility>

#include "base/error.h"
#include "registry/resumable_upload.h"
#include "registry/upload_session.h"

namespace cooper::registry {

namespace {

std::string blob_name(const PushBlob& blob) {
  return fmt::format("push blob '{}'", blob.descriptor.digest.str());
}

void check_stored(const Call& call, const net::Response& response, const base::Digest& digest) {
  const std::string* stored = response.header("docker-content-digest");
  if (stored == nullptr || *stored == digest.str()) return;
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("registry '{}' stored '{}' as '{}'",
                                                           call.repository.host, digest.str(), *stored));
}

// Whether the head of an answer may be the blob's. Some say nothing, or zero, about its size.
bool describes(const net::Response& response, const base::Digest& digest, std::optional<std::uint64_t> size) {
  const std::string* stored = response.header("docker-content-digest");
  if (stored != nullptr && *stored != digest.str()) return false;
  const std::string* length = response.header("content-length");
  return !size || length == nullptr || *length == "0" || *length == std::to_string(*size);
}

// Whether the registry mounted the blob. It may open an upload session instead, which is stored to `session`.
bool mount_blob(Transport& transport, const Call& call, const PushBlob& blob, std::string& session,
                const std::stop_token& stop) {
  try {
    net::Response response = post_session(transport, call, &blob, stop);
    if (response.status == 202) session = transport.location(call, response);
    return response.status == 201;
  } catch (const base::Error& error) {
    // The other repository may be closed to us; that is no reason not to push.
    if (error.kind() != base::ErrorKind::kAuth && error.kind() != base::ErrorKind::kRegistry) throw;
    return false;
  }
}

}  // namespace

bool has_blob(Transport& transport, const oci::Reference& repository, const base::Digest& digest,
              std::optional<std::uint64_t> size, const Scopes& scopes, const std::stop_token& stop) {
  Call call;
  call.repository = repository;
  call.what = fmt::format("look up blob '{}'", digest.str());
  call.scopes = scopes;
  net::Response response = transport.retry([&] { return head_blob(transport, call, digest, stop); }, stop);
  if (response.status == 200) return describes(response, digest, size);
  // Without HEAD it cannot be asked: a blob that is there is pushed once more.
  if (response.status != 404 && response.status != 405) transport.refuse(call, response);
  return false;
}

BlobPush push_blob(Transport& transport, const oci::Reference& repository, const PushBlob& blob,
                   const std::stop_token& stop) {
  Call call;
  call.repository = repository;
  call.what = blob_name(blob);
  call.scopes = push_scope(repository.repository);
  if (has_blob(transport, repository, blob.descriptor.digest, blob.descriptor.size, call.scopes, stop))
    return BlobPush::kExisted;

  std::string session;
  if (!blob.mount_from.empty() && blob.mount_from != repository.repository) {
    if (mount_blob(transport, call, blob, session, stop)) return BlobPush::kMounted;
  }
  net::Response response = ResumableUpload(transport, call, blob, std::move(session), stop).run();
  if (response.status != 201 && response.status != 204) transport.refuse(call, response);
  check_stored(call, response, blob.descriptor.digest);
  return BlobPush::kUploaded;
}

}  // namespace cooper::registry
