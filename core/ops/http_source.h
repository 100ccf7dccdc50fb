// ADD of a URL, and contexts that are one: a file that is fetched into the store as a blob.
//
// Each URL is asked for once a build, and its body is sent again only when the server says that it changed
// (ops/http_record.h). With a checksum nothing is asked to make a key, and nothing is fetched that the store
// has from this URL already. Bytes are verified before they are handed out: against the checksum, or against
// the digest that the key was made of.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "net/http.h"
#include "net/retry.h"
#include "ops/http_record.h"
#include "ops/remote_source.h"
#include "store/store.h"

namespace cooper::ops {

struct HttpSourceOptions {
  std::shared_ptr<net::HttpClient> client;
  std::shared_ptr<store::Store> store;
  // The value of a secret; nullopt when it was not given. HTTP_AUTH_TOKEN_<host> and HTTP_AUTH_HEADER_<host>
  // are asked for, and sent to that host only.
  std::function<std::optional<std::string>(const std::string& id)> secret;
  std::function<void(const std::string&)> on_retry;  // one line each; may be empty
  net::RetryPolicy retry;
};

class HttpSources final : public RemoteSource {
 public:
  explicit HttpSources(HttpSourceOptions options);
  ~HttpSources() override;

  PinnedSource pin(const graph::Op& op, const std::stop_token& stop) override;
  // A tree of the one file, mode 0600, owner 0:0, its time Last-Modified or else the epoch 0.
  std::shared_ptr<const snapshot::TreeView> open(const graph::Op& op, const std::stop_token& stop) override;

 private:
  struct Location;  // what this build knows of one URL
  Location& location(const graph::HttpSource& source);
  void ask(Location& location, const std::stop_token& stop);
  void make_sure(Location& location, const std::stop_token& stop);
  bool fetch(Location& location, const net::Headers& conditions, const std::stop_token& stop);
  net::Request request(const Location& location, const net::Headers& conditions) const;
  std::optional<HttpRecord> recall(const Location& location) const;
  void remember(const Location& location) const;

  HttpSourceOptions options_;
  using Key = std::pair<std::string, std::optional<base::Digest>>;  // URL, checksum
  base::Guarded<std::map<Key, std::unique_ptr<Location>>> locations_;
};

}  // namespace cooper::ops
