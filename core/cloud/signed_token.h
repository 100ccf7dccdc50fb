// A JSON Web Token signed with an RSA key: how a Google service account says who it is. RFC 7515 and RFC
// 7519, RS256. Private to cloud.
#pragma once

#include <string>

namespace cooper::cloud {

// `header` and `claims` are JSON texts; `private_key` is PEM. Throws Error{kAuth} for what is no RSA key.
std::string sign_token(const std::string& header, const std::string& claims, const std::string& private_key);

}  // namespace cooper::cloud
