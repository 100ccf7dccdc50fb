// What the clouds need of the world: a way to send, the environment that the caller read, and a clock.
//
// core/ reads no environment of its own, so a job's variables come in as a map, HOME among them. Files that
// variables name are read when they are needed, and again at every refresh: tokens in files are rotated.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cloud/timestamp.h"
#include "net/http.h"
#include "net/retry.h"

namespace cooper::cloud {

struct CloudContext {
  std::shared_ptr<net::HttpClient> http;
  std::map<std::string, std::string> environment;
  net::RetryPolicy retry;
  std::function<void(const std::string&)> on_retry;  // may be empty
  std::function<TimePoint()> now = [] { return std::chrono::system_clock::now(); };

  std::string variable(const std::string& name) const;  // "" when it is not set
};

// A request to a machine's own metadata service: there at once, or not at all. `method` "GET" or "PUT".
net::Request metadata_request(std::string method, std::string url, net::Headers headers);
// Sends a few times in quick succession. Returns nullopt, and says why in `unreachable`, when nobody answers.
std::optional<net::Response> ask_metadata(const CloudContext& context, const net::Request& request,
                                          std::string& unreachable, const std::stop_token& stop);
// As ask_metadata(), of services that are asked for by name: retried with patience, failures are thrown.
net::Response ask_service(const CloudContext& context, const net::Request& request,
                          const std::stop_token& stop);

// "a=b&c=d", values escaped: application/x-www-form-urlencoded.
std::string form_body(const std::vector<std::pair<std::string, std::string>>& fields);
net::Request form_request(std::string url, const std::vector<std::pair<std::string, std::string>>& fields);
// The first line of a file without the blanks around it; `what` names it in errors: "web identity token".
std::string read_token_file(const std::string& path, const std::string& what);

}  // namespace cooper::cloud
