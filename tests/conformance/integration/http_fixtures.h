// The HTTP servers that rows ask for: routes with validators, or a directory of files.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "support/fake_server.h"

namespace cooper::conformance {

class HttpFixture {
 public:
  HttpFixture();
  // `dated`: answers with a Last-Modified; the only one that the data's tests have is 2022-01-01.
  void add_route(const std::string& path, std::string content, std::string etag, bool dated);
  void serve_directory(const std::string& directory);
  std::string url() const { return "http://" + server_.host(); }

 private:
  struct Route {
    std::string content;
    std::string etag;
    bool dated = false;
  };
  testing::FakeReply answer(const testing::FakeRequest& request);

  std::mutex mutex_;
  std::map<std::string, Route> routes_;
  std::string directory_;
  testing::FakeServer server_;
};

}  // namespace cooper::conformance
