// What a token server gives: a token, and for how long.
//
// distribution/distribution, docs "auth/token", "Token response fields"; "auth/oauth" has the same ones.
// Private to registry.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "net/http.h"

namespace cooper::registry {

struct TokenAnswer {
  std::string value;
  std::chrono::milliseconds lifetime{0};  // from now on
};

// nullopt for an answer without a token that can be sent. However short a life the server gives is the life;
// a minute when it does not say. One that was issued earlier has so much less to live.
std::optional<TokenAnswer> read_token_answer(const net::Response& response);

}  // namespace cooper::registry
