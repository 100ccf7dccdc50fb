// An HTTP client that reaches nobody: a function answers, and what it was asked is remembered. For services
// at addresses that a test cannot listen on, such as a machine's metadata service.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/http.h"

namespace cooper::testing {

inline net::Response answer(int status, std::string body, net::Headers headers = {}) {
  net::Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

inline std::string header_of(const net::Request& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

class ScriptedHttp final : public net::HttpClient {
 public:
  using Handler = std::function<net::Response(const net::Request&)>;

  // Answers by "METHOD url"; whatever else is asked for is unreachable.
  void on(const std::string& request, Handler handler) { handlers_[request] = std::move(handler); }
  void on(const std::string& request, const net::Response& response) {
    on(request, [response](const net::Request&) { return response; });
  }

  net::Response send(const net::Request& request, const std::stop_token&, std::size_t) override {
    std::unique_lock lock(mutex_);
    requests_.push_back(request);
    auto handler = handlers_.find(request.method + " " + request.url);
    if (handler == handlers_.end())
      throw base::Error(base::ErrorKind::kRegistry, "nobody listens at '" + request.url + "'").retryable();
    lock.unlock();
    net::Response response = handler->second(request);
    response.effective_url = request.url;
    return response;
  }
  std::unique_ptr<net::ResponseStream> open(const net::Request&, const std::stop_token&) override {
    throw base::Error(base::ErrorKind::kInternal, "nothing is streamed here");
  }

  std::vector<net::Request> requests() const {
    std::scoped_lock lock(mutex_);
    return requests_;
  }
  std::size_t count(const std::string& part_of_url) const {
    std::size_t found = 0;
    for (const net::Request& request : requests())
      found += request.url.find(part_of_url) != std::string::npos;
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Handler> handlers_;  // set before the first request
  std::vector<net::Request> requests_;
};

}  // namespace cooper::testing
