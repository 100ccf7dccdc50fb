#include "cache/gcs_service.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/url.h"

namespace cooper::cache {

GcsService::GcsService(cloud::CloudContext context, const std::string& credentials_file, GcsPlace place)
    : place_(std::move(place)), identity_(std::move(context), credentials_file) {}

std::string GcsService::name() const {
  std::string_view prefix = base::trim(place_.prefix, "/");
  return prefix.empty() ? fmt::format("gcs {}", place_.bucket)
                        : fmt::format("gcs {}/{}", place_.bucket, prefix);
}

net::Request GcsService::request(const ObjectCall& call, const std::stop_token& stop) {
  net::Request request;
  request.method = call.method;
  const bool is_below = call.path.front() == '/';
  request.url = url_with_query(is_below ? place_.endpoint_url + call.path : call.path, call.query);
  request.headers = call.headers;
  request.follow_redirects = false;
  // An upload session may lie elsewhere; its address is credential enough.
  if (net::origin_of(request.url) == net::origin_of(place_.endpoint_url))
    request.headers.emplace_back("Authorization", "Bearer " + identity_.token(stop).value);
  return request;
}

bool GcsService::learn(const net::Response& refusal) {
  if (refusal.status != 401) return false;
  identity_.forget();
  return true;
}

std::string GcsService::hint(const net::Response& refusal) const {
  if (refusal.status == 401) return "check that these credentials are still valid";
  if (refusal.status == 404) return "check the bucket's name";
  if (refusal.status != 403) return {};
  return "grant 'roles/storage.objectUser' on the bucket: without the right to list, an object that is "
         "missing "
         "answers 403 too";
}

}  // namespace cooper::cache
