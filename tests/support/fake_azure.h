// One container of Azure Blob Storage on loopback that believes nobody: a Shared Key signature is computed
// again from the account's key, a shared access signature and a token must be the ones given out. Addresses
// as Azurite's, with the account in the path.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/fake_objects.h"
#include "support/fake_server.h"

namespace cooper::testing {

class FakeAzure {
 public:
  static constexpr const char* kAccount = "fakeaccount";
  static constexpr const char* kContainer = "cache";
  static constexpr const char* kKey = "ZmFrZSBrZXkgb2YgYSBmYWtlIGFjY291bnQ=";
  static constexpr const char* kSas = "sv=2020-10-02&sp=rwl&sig=fake%2Bsignature%3D";
  static constexpr const char* kToken = "fake-token";

  FakeAzure();

  FakeServer& server() { return *server_; }
  FakeObjects& objects() { return objects_; }
  std::string account_url() const { return server_->url(std::string("/") + kAccount); }
  void remove_container();
  bool has_container() const;

 private:
  FakeReply handle(const FakeRequest& request);
  static bool is_known(const FakeRequest& request);
  FakeReply handle_container(const FakeRequest& request);
  FakeReply handle_blob(const FakeRequest& request, const std::string& name);
  FakeReply commit(const FakeRequest& request, const std::string& name);
  FakeReply store(const FakeRequest& request, const std::string& name, const std::string& content);

  FakeObjects objects_;
  mutable std::mutex mutex_;
  bool has_container_ = true;
  std::map<std::string, std::map<std::string, std::string>> blocks_;  // blob → id → bytes
  std::unique_ptr<FakeServer> server_;
};

}  // namespace cooper::testing
