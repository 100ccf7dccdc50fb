#include "registry/upload_session.h"

#include <charconv>
#include <fmt/format.h>

#include "base/error.h"
#include "net/url.h"

namespace cooper::registry {

namespace {

void put_body(Call& call, BlobParts& parts, std::uint64_t offset, std::uint64_t length) {
  call.http.headers.emplace_back("Content-Type", "application/octet-stream");
  // Asked anew when a token expired: the part is read again from its start.
  call.http.body_stream = [&parts, offset, length] { return parts.part(offset, length); };
  call.http.body_size = length;
}

// How many bytes "0-<last>" are; also with "bytes=" before it, as some write it. Empty sessions have "0-0" at
// most registries, as those with one byte do: sending one byte again is the smaller harm.
std::optional<std::uint64_t> bytes_of_range(std::string_view range) {
  if (range.rfind("bytes=", 0) == 0) range.remove_prefix(6);
  if (range.rfind("0-", 0) != 0) return std::nullopt;
  range.remove_prefix(2);
  std::uint64_t last = 0;
  auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), last);
  if (error != std::errc() || end != range.data() + range.size()) return std::nullopt;
  return last == 0 ? 0 : last + 1;
}

}  // namespace

net::Response head_blob(Transport& transport, Call call, const base::Digest& digest,
                        const std::stop_token& stop) {
  call.http = {};
  call.http.method = "HEAD";
  call.http.url = fmt::format("/v2/{}/blobs/{}", call.repository.repository, digest.str());
  return transport.send_once(call, stop);
}

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

net::Response put_whole(Transport& transport, Call call, const PushBlob& blob, BlobParts& parts,
                        const std::string& location, const std::stop_token& stop) {
  call.http = {};
  call.http.method = "PUT";
  call.http.url = net::with_query(location, "digest", blob.descriptor.digest.str());
  put_body(call, parts, 0, blob.descriptor.size);
  return transport.send_once(call, stop);
}

net::Response patch_part(Transport& transport, Call call, const PushBlob& blob, BlobParts& parts,
                         const UploadPoint& point, std::uint64_t length, const std::stop_token& stop) {
  call.http = {};
  call.http.method = "PATCH";
  call.http.url = point.location;
  put_body(call, parts, point.offset, length);
  if (length < blob.descriptor.size) {
    call.http.headers.emplace_back("Content-Range",
                                   fmt::format("{}-{}", point.offset, point.offset + length - 1));
  }
  return transport.send_once(call, stop);
}

net::Response put_commit(Transport& transport, Call call, const base::Digest& digest,
                         const std::string& location, const std::stop_token& stop) {
  call.http = {};
  call.http.method = "PUT";
  call.http.url = net::with_query(location, "digest", digest.str());
  return transport.send_once(call, stop);
}

std::optional<UploadPoint> ask_status(Transport& transport, Call call, const std::string& location,
                                      const std::stop_token& stop) {
  call.http = {};
  call.http.url = location;
  try {
    net::Response response = transport.send_once(call, stop);
    const std::string* range = response.header("range");
    if (response.status != 204 || range == nullptr || !bytes_of_range(*range)) return std::nullopt;
    return point_after(transport, call, response, {location, 0});
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    return std::nullopt;  // the failure that made us ask says more
  }
}

UploadPoint point_after(Transport& transport, const Call& call, const net::Response& response,
                        UploadPoint otherwise) {
  UploadPoint point = std::move(otherwise);
  if (response.header("location") != nullptr) point.location = transport.location(call, response);
  if (const std::string* range = response.header("range")) {
    point.offset = bytes_of_range(*range).value_or(point.offset);
  }
  return point;
}

}  // namespace cooper::registry
