// One bucket of Google Cloud Storage on loopback with the token server of its users: the JSON API as far as a
// cache needs it, resumable uploads with all their rules.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "support/fake_objects.h"
#include "support/fake_server.h"

namespace cooper::testing {

class FakeGcs {
 public:
  static constexpr const char* kBucket = "cache";
  static constexpr const char* kRefreshToken = "1//fake-refresh";

  FakeGcs();

  FakeServer& server() { return *server_; }
  FakeObjects& objects() { return objects_; }
  std::size_t open_uploads() const;
  // Tokens given out so far are refused.
  void revoke_tokens();
  // The next chunk is kept up to here and then answered 503.
  void break_next_chunk(std::size_t kept);
  // Of every chunk no more than this is taken.
  void take_at_most(std::size_t bytes);

 private:
  struct Upload {
    std::string name;
    bool is_conditional = false;
    std::string content;
  };

  FakeReply handle(const FakeRequest& request);
  FakeReply give_token(const FakeRequest& request);
  FakeReply begin(const FakeRequest& request);
  FakeReply handle_session(const FakeRequest& request);
  FakeReply take_chunk(const FakeRequest& request, const std::string& id);
  FakeReply finish(const std::string& name, const std::string& content, bool is_conditional);
  FakeReply list(const FakeRequest& request) const;

  FakeObjects objects_;
  mutable std::mutex mutex_;
  std::map<std::string, Upload> uploads_;
  int begun_ = 0;
  int tokens_ = 0;
  int first_valid_ = 1;
  std::size_t broken_at_ = 0;
  std::size_t at_most_ = std::size_t{1} << 40;
  std::unique_ptr<FakeServer> server_;
};

}  // namespace cooper::testing
