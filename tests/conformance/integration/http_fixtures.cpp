#include "http_fixtures.h"

#include <filesystem>

#include "files.h"

namespace cooper::conformance {

HttpFixture::HttpFixture()
    : server_([this](const testing::FakeRequest& request) { return answer(request); }) {}

void HttpFixture::add_route(const std::string& path, std::string content, std::string etag, bool dated) {
  std::lock_guard lock(mutex_);
  routes_[path] = {std::move(content), std::move(etag), dated};
}

void HttpFixture::serve_directory(const std::string& directory) {
  std::lock_guard lock(mutex_);
  directory_ = directory;
}

testing::FakeReply HttpFixture::answer(const testing::FakeRequest& request) {
  std::lock_guard lock(mutex_);
  testing::FakeReply reply;
  auto route = routes_.find(request.path);
  if (route != routes_.end()) {
    if (!route->second.etag.empty()) {
      reply.with("ETag", route->second.etag);
      if (request.header("if-none-match") == route->second.etag) {
        reply.status = 304;
        return reply;
      }
    }
    if (route->second.dated) reply.with("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT");
    reply.body = route->second.content;
    return reply;
  }
  std::string path = directory_ + request.path;
  if (!directory_.empty() && std::filesystem::is_regular_file(path)) {
    reply.body = read_file(path);
  } else {
    reply.status = 404;
  }
  return reply;
}

}  // namespace cooper::conformance
