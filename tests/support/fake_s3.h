// One S3 bucket on loopback that believes nobody: every request's signature is computed again from the
// secret, and one that differs, is for another region or too old is refused as S3 refuses it. Path-style
// addresses.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "support/fake_objects.h"
#include "support/fake_server.h"

namespace cooper::testing {

class FakeS3 {
 public:
  static constexpr const char* kBucket = "cache";
  static constexpr const char* kKeyId = "AKIAFAKE";
  static constexpr const char* kSecret = "fake/Secret+key";

  FakeS3();

  FakeServer& server() { return *server_; }
  FakeObjects& objects() { return objects_; }
  std::size_t open_uploads() const;
  void set_region(const std::string& region) { region_ = region; }
  void set_session_token(const std::string& token) { session_token_ = token; }
  // As stores that do not know If-None-Match.
  void without_conditions() { has_conditions_ = false; }
  // The next completion of an upload answers 200 with an error of this code in its body.
  void fail_next_completion(const std::string& code);

 private:
  struct Upload {
    std::string key;
    std::map<int, std::string> parts;
  };

  FakeReply handle(const FakeRequest& request);
  std::optional<FakeReply> check_signature(const FakeRequest& request) const;
  FakeReply handle_object(const FakeRequest& request, const std::string& key);
  FakeReply put_object(const FakeRequest& request, const std::string& key);
  FakeReply handle_upload(const FakeRequest& request, const std::string& key);
  FakeReply complete(const FakeRequest& request, const std::string& id);
  FakeReply list(const FakeRequest& request) const;

  FakeObjects objects_;
  mutable std::mutex mutex_;
  std::map<std::string, Upload> uploads_;
  int begun_ = 0;
  std::string failure_;
  std::string region_ = "eu-test-1";
  std::string session_token_;
  std::atomic<bool> has_conditions_ = true;
  std::unique_ptr<FakeServer> server_;
};

}  // namespace cooper::testing
