#include "registry/push_check.h"

#include <fmt/format.h>

namespace cooper::registry {

namespace {

// A session that stays open is the registry's to clean up, so what comes of this is nobody's failure.
void abandon(Transport& transport, Call call, const std::string& session, const std::stop_token& stop) {
  call.http = {};
  call.http.method = "DELETE";
  call.http.url = session;
  try {
    transport.send_once(call, stop);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
  }
}

}  // namespace

void check_push(Transport& transport, const oci::Reference& repository, const std::stop_token& stop) {
  Call call;
  call.repository = repository;
  call.what = "ask to push";
  call.scopes = push_scope(repository.repository);
  call.http.method = "POST";
  call.http.url = fmt::format("/v2/{}/blobs/uploads/", repository.repository);
  net::Response response = transport.send(call, stop);
  if (response.status != 202) transport.refuse(call, response);
  abandon(transport, call, transport.location(call, response), stop);
}

}  // namespace cooper::registry
