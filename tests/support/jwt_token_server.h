// A token server whose tokens docker-registry believes: JWTs signed with RS256 by a certificate of its own.
//
// distribution/distribution, docs "auth/jwt". Everybody gets what is asked for; what was asked is remembered.
#pragma once

#include <memory>
#include <string>

#include "support/fake_server.h"

namespace cooper::testing {

inline constexpr const char* kTokenService = "test-registry";
inline constexpr const char* kTokenIssuer = "test-issuer";

class JwtTokenServer {
 public:
  // Tokens are refused `lifetime` seconds after they were given out, and say so.
  explicit JwtTokenServer(int lifetime);
  ~JwtTokenServer();

  FakeServer& server() { return *server_; }
  std::string realm() const { return server_->url("/token"); }
  std::string certificate() const;  // PEM

 private:
  struct Key;
  std::shared_ptr<const Key> key_;
  std::unique_ptr<FakeServer> server_;
};

}  // namespace cooper::testing
