#include "cloud/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/error.h"

namespace cooper::cloud {

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::string code(32, '\0');
  unsigned length = 0;
  const unsigned char* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                   reinterpret_cast<const unsigned char*>(data.data()), data.size(),
                                   reinterpret_cast<unsigned char*>(code.data()), &length);
  if (done == nullptr || length != code.size())
    throw base::Error(base::ErrorKind::kInternal, "cannot compute hmac-sha256");
  return code;
}

}  // namespace cooper::cloud
