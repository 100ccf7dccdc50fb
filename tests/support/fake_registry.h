// An in-memory registry on loopback: the OCI distribution-spec's pulls and pushes, with tokens or passwords
// on demand, and FakeServer's hooks to make it lie, stall or refuse.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "oci/descriptor.h"
#include "support/fake_server.h"

namespace cooper::testing {

class FakeRegistry {
 public:
  FakeRegistry();

  FakeServer& server() { return *server_; }
  std::string host() const { return server_->host(); }

  oci::Descriptor add_blob(const std::string& repository, const std::string& content,
                           const std::string& media_type = "application/vnd.oci.image.layer.v1.tar");
  base::Digest add_manifest(const std::string& repository, const std::string& tag,
                            const std::string& media_type, const std::string& raw);
  bool has_blob(const std::string& repository, const base::Digest& digest) const;
  std::string blob(const base::Digest& digest) const;
  std::size_t open_uploads() const;
  std::string manifest(const std::string& repository, const std::string& tag_or_digest) const;

  // From now on every request needs "Basic user:password".
  void require_basic(const std::string& user, const std::string& password);
  // From now on every request needs a token of `realm` (a URL of a FakeTokenServer) whose scopes cover it.
  void require_token(const std::string& realm);
  // The next `times` bodies of uploads break: of each `keep` bytes are stored, and the connection is reset.
  void break_uploads(int times, std::size_t keep);
  // Whether an upload that broke can go on (docker-registry: no). On by default.
  void set_resumable(bool on);
  // Makes every token given out so far invalid.
  void forget_tokens();

 private:
  struct Manifest {
    std::string media_type;
    std::string raw;
  };
  struct State {
    mutable std::mutex mutex;
    std::map<std::string, std::string> blobs;                          // digest → bytes
    std::map<std::string, std::map<std::string, bool>> in_repository;  // repository → digest
    std::map<std::string, Manifest> manifests;                         // repository ":" tag or digest
    std::map<std::string, std::string> uploads;                        // session → bytes so far
    int sessions = 0;
    int breaks = 0;
    std::size_t kept = 0;
    bool resumable = true;
    std::string basic;  // the Authorization that is wanted
    std::string realm;
    int first_valid_token = 0;
  };

  static FakeReply handle(State& state, const FakeRequest& request);
  static FakeReply list_tags(const State& state, const std::string& repository);
  static FakeReply handle_blob(State& state, const FakeRequest& request, const std::string& repository,
                               const std::string& digest);
  static FakeReply handle_upload(State& state, const FakeRequest& request, const std::string& repository,
                                 const std::string& session);
  static FakeReply begin_upload(State& state, const FakeRequest& request, const std::string& repository);
  static FakeReply upload_status(State& state, const std::string& repository, const std::string& session);
  static FakeReply handle_manifest(State& state, const FakeRequest& request, const std::string& repository,
                                   const std::string& name);
  static bool allowed(const State& state, const FakeRequest& request, const std::string& repository,
                      FakeReply& refusal);

  std::shared_ptr<State> state_;
  std::unique_ptr<FakeServer> server_;
};

// Gives out tokens that name their scopes. Wants "Basic user:password" or the refresh token when they are
// set.
class FakeTokenServer {
 public:
  FakeTokenServer();
  FakeServer& server() { return *server_; }
  std::string realm() const { return server_->url("/token"); }

  void require_basic(const std::string& user, const std::string& password);
  void require_refresh_token(const std::string& token);
  void set_lifetime(int seconds);

 private:
  struct State {
    std::mutex mutex;
    std::string basic;
    std::string refresh_token;
    int lifetime = 300;
    int given = 0;
  };

  std::shared_ptr<State> state_;
  std::unique_ptr<FakeServer> server_;
};

std::string basic_authorization(const std::string& user, const std::string& password);
FakeReply refusal(int status, const std::string& code, const std::string& message);

}  // namespace cooper::testing
