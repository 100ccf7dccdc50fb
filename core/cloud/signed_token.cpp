#include "cloud/signed_token.h"

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/base64.h"
#include "base/error.h"

namespace cooper::cloud {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;

// OpenSSL would ask the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Key read_key(const std::string& pem) {
  std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
    throw base::Error(base::ErrorKind::kAuth, "the private key is no RSA key in PEM");
  return key;
}

std::string sign(const std::string& text, const std::string& pem) {
  Key key = read_key(pem);
  std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_size(key.get())), '\0');
  std::size_t length = signature.size();
  bool done = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
              EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, data,
                             text.size()) == 1;
  if (!done) throw base::Error(base::ErrorKind::kInternal, "cannot sign with the private key");
  signature.resize(length);
  return signature;
}

}  // namespace

std::string sign_token(const std::string& header, const std::string& claims, const std::string& private_key) {
  std::string text = base::base64url_encode(header) + "." + base::base64url_encode(claims);
  return text + "." + base::base64url_encode(sign(text, private_key));
}

}  // namespace cooper::cloud
