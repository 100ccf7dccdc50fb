#include "registry/upload.h"

#include <fmt/format.h>
#include <utility>

#include "base/error.h"
#include "net/url.h"

namespace cooper::registry {

namespace {

// After the last byte a registry hashes or copies the whole blob before it answers; for some GB that takes
// minutes.
constexpr std::chrono::minutes kCommitPatience{5};

std::string blob_name(const PushBlob& blob) {
  return fmt::format("push blob '{}'", blob.descriptor.digest.str());
}

void check_stored(const Call& call, const net::Response& response, const base::Digest& digest) {
  const std::string* stored = response.header("docker-content-digest");
  if (stored == nullptr || *stored == digest.str()) return;
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("registry '{}' stored '{}' as '{}'",
                                                           call.repository.host, digest.str(), *stored));
}

// Asks for an upload session: 202 with a location, or 201 when the registry mounted the blob instead.
net::Response post_session(Transport& transport, Call call, const PushBlob* mount,
                           const std::stop_token& stop) {
  call.http = {};
  call.http.method = "POST";
  call.http.url = fmt::format("/v2/{}/blobs/uploads/", call.repository.repository);
  if (mount != nullptr) {
    call.scopes.merge(pull_scope(mount->mount_from));
    call.http.url = net::with_query(call.http.url, "mount", mount->descriptor.digest.str());
    call.http.url = net::with_query(call.http.url, "from", mount->mount_from);
  }
  return transport.send_once(call, stop);
}

void put_body(Call& call, const PushBlob& blob) {
  call.http.headers.emplace_back("Content-Type", "application/octet-stream");
  call.http.body_stream = blob.open;
  call.http.body_size = blob.descriptor.size;
  call.http.stall_timeout = kCommitPatience;
}

net::Response put_whole(Transport& transport, Call& call, const PushBlob& blob, const std::string& session,
                        const std::stop_token& stop) {
  call.http = {};
  call.http.method = "PUT";
  call.http.url = net::with_query(session, "digest", blob.descriptor.digest.str());
  put_body(call, blob);
  return transport.send_once(call, stop);
}

}  // namespace

net::Response put_commit(Transport& transport, Call call, const base::Digest& digest,
                         const std::string& session, const std::stop_token& stop) {
  call.http = {};
  call.http.method = "PUT";
  call.http.url = net::with_query(session, "digest", digest.str());
  call.http.stall_timeout = kCommitPatience;
  return transport.send_once(call, stop);
}

namespace {

net::Response patch_and_commit(Transport& transport, Call& call, const PushBlob& blob,
                               const std::string& session, const std::stop_token& stop) {
  call.http = {};
  call.http.method = "PATCH";
  call.http.url = session;
  put_body(call, blob);
  net::Response response = transport.send_once(call, stop);
  if (response.status != 202) return response;
  return put_commit(transport, call, blob.descriptor.digest, transport.location(call, response), stop);
}

// Whether this says "not like that" rather than "no".
bool wants_patch(int status) {
  return status == 400 || status == 404 || status == 405 || status == 411 || status == 501;
}

using Upload = net::Response (*)(Transport&, Call&, const PushBlob&, const std::string& session,
                                 const std::stop_token&);

// One session and one `body` in it, from the start whenever either breaks. `session`, if not empty, is one
// that is already open; it is used up.
net::Response upload(Transport& transport, const Call& call, const PushBlob& blob, Upload body,
                     std::string& session, const std::stop_token& stop) {
  auto attempt = [&] {
    std::string location = std::exchange(session, {});
    if (location.empty()) {
      net::Response opened = post_session(transport, call, nullptr, stop);
      if (opened.status != 202) return opened;
      location = transport.location(call, opened);
    }
    Call step = call;
    return body(transport, step, blob, location, stop);
  };
  return transport.retry(attempt, stop);
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
              const Scopes& scopes, const std::stop_token& stop) {
  Call call;
  call.repository = repository;
  call.what = fmt::format("look up blob '{}'", digest.str());
  call.scopes = scopes;
  call.http.method = "HEAD";
  call.http.url = fmt::format("/v2/{}/blobs/{}", repository.repository, digest.str());
  net::Response response = transport.send(call, stop);
  if (response.status == 200) return true;
  if (response.status != 404) transport.refuse(call, response);
  return false;
}

BlobPush push_blob(Transport& transport, const oci::Reference& repository, const PushBlob& blob,
                   const std::stop_token& stop) {
  Call call;
  call.repository = repository;
  call.what = blob_name(blob);
  call.scopes = push_scope(repository.repository);
  if (has_blob(transport, repository, blob.descriptor.digest, call.scopes, stop)) return BlobPush::kExisted;

  std::string session;
  if (!blob.mount_from.empty() && blob.mount_from != repository.repository) {
    if (mount_blob(transport, call, blob, session, stop)) return BlobPush::kMounted;
  }
  net::Response response = upload(transport, call, blob, put_whole, session, stop);
  if (wants_patch(response.status)) response = upload(transport, call, blob, patch_and_commit, session, stop);
  if (response.status != 201 && response.status != 204) transport.refuse(call, response);
  check_stored(call, response, blob.descriptor.digest);
  return BlobPush::kUploaded;
}

}  // namespace cooper::registry
