// Requests to one object store: credentials added anew for every attempt, retries, and errors that name store
// and object. What differs between services is behind ObjectService. Private to cache's stores.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cache/object_store.h"
#include "cloud/context.h"
#include "net/http.h"

namespace cooper::cache {

// One request, before address and credentials.
struct ObjectCall {
  std::string what;  // for errors: "get 'records/ab'"
  std::string method = "GET";
  std::string path;                                        // from "/" on, percent-encoded; or a whole URL
  std::vector<std::pair<std::string, std::string>> query;  // not yet escaped
  net::Headers headers;
  std::string body;
  std::optional<ObjectStore::Body> stream;             // instead of `body`
  std::size_t answer_limit = 32 << 20;                 // bytes of a successful answer
  std::chrono::milliseconds patience{60'000};          // without a byte either way
  std::function<void(net::Response&)> mend = nullptr;  // may change an answer before it is judged
};

class ObjectService {
 public:
  virtual ~ObjectService() = default;
  virtual std::string name() const = 0;  // the store's
  // Method, URL, headers, credentials; the transport adds the body.
  virtual net::Request request(const ObjectCall& call, const std::stop_token& stop) = 0;
  // Whether the refusal taught something that makes it worth asking again at once: another region, an expired
  // token.
  virtual bool learn(const net::Response& refusal) = 0;
  // What to do about a refusal, for the error; "" for no idea.
  virtual std::string hint(const net::Response& refusal) const = 0;
};

class ObjectTransport final {
 public:
  ObjectTransport(cloud::CloudContext context, std::unique_ptr<ObjectService> service);

  const std::string& name() const { return name_; }
  // Any final status is a normal return, with its body.
  net::Response send(const ObjectCall& call, const std::stop_token& stop);
  // The same in one attempt, for callers that have their own way to go on.
  net::Response send_once(const ObjectCall& call, const std::stop_token& stop);
  net::Response retry(const ObjectCall& call, const std::function<net::Response()>& attempt,
                      const std::stop_token& stop);
  // The body of a 200 as it arrives; refuse() for everything else.
  std::unique_ptr<base::ByteSource> open(const ObjectCall& call, const std::stop_token& stop);

  [[noreturn]] void refuse(const ObjectCall& call, const net::Response& response) const;
  // An Error{kRegistry} in the form of refuse(), for answers that make no sense.
  base::Error error(const ObjectCall& call, const std::string& cause) const;

 private:
  using Stream = std::unique_ptr<net::ResponseStream>;
  net::Response exchange(const ObjectCall& call, Stream& stream, const std::stop_token& stop);

  const cloud::CloudContext context_;
  const std::unique_ptr<ObjectService> service_;
  const std::string name_;
};

// "blobs/a b" → "blobs/a%20b".
std::string encode_object_path(const std::string& object);
// `url` with all of `query`, escaped.
std::string url_with_query(std::string url, const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace cooper::cache
