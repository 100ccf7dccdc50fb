#include "support/jwt_token_server.h"

#include <ctime>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <vector>

#include "base/base64.h"
#include "base/text.h"

namespace cooper::testing {

namespace {

// docker-registry takes tokens for so many seconds after they expired, as clocks differ.
constexpr int kLeeway = 60;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

void need(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("cannot ") + what);
}

// "repository:a:pull,push" → {"type":"repository","name":"a","actions":["pull","push"]}
std::string access_of(const std::string& scope) {
  const std::size_t first = scope.find(':');
  const std::size_t last = scope.rfind(':');
  if (first == std::string::npos || first == last) return {};
  std::string actions;
  for (const std::string& action : base::split(scope.substr(last + 1), ','))
    actions += (actions.empty() ? "\"" : ",\"") + action + "\"";
  return R"({"type":")" + scope.substr(0, first) + R"(","name":")" +
         scope.substr(first + 1, last - first - 1) + R"(","actions":[)" + actions + "]}";
}

}  // namespace

struct JwtTokenServer::Key {
  std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> pair;
  std::unique_ptr<X509, Freed<X509_free>> certificate;

  Key() : pair(EVP_RSA_gen(2048)), certificate(X509_new()) {
    need(pair && certificate, "make a key");
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), pair.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(kTokenIssuer),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    need(X509_sign(certificate.get(), pair.get(), EVP_sha256()) > 0, "sign a certificate");
  }

  std::string der() const {
    std::string bytes(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)), '\0');
    auto* out = reinterpret_cast<unsigned char*>(bytes.data());
    i2d_X509(certificate.get(), &out);
    return bytes;
  }

  std::string sign(const std::string& text) const {
    std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    std::string signature(512, '\0');
    std::size_t length = signature.size();
    need(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pair.get()) == 1 &&
             EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                            reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1,
         "sign a token");
    signature.resize(length);
    return signature;
  }

  std::string token(const std::vector<std::string>& scopes, int lifetime) const {
    std::string access;
    for (const std::string& scope : scopes) access += (access.empty() ? "" : ",") + access_of(scope);
    const std::time_t now = std::time(nullptr);
    const std::string header =
        R"({"typ":"JWT","alg":"RS256","x5c":[")" + base::base64_encode(der()) + R"("]})";
    const std::string claims = R"({"iss":")" + std::string(kTokenIssuer) + R"(","sub":"","aud":")" +
                               kTokenService + R"(","exp":)" + std::to_string(now + lifetime - kLeeway) +
                               R"(,"nbf":)" + std::to_string(now - kLeeway) + R"(,"iat":)" +
                               std::to_string(now) + R"(,"jti":"1","access":[)" + access + "]}";
    const std::string text = base::base64url_encode(header) + "." + base::base64url_encode(claims);
    return text + "." + base::base64url_encode(sign(text));
  }
};

JwtTokenServer::JwtTokenServer(int lifetime) : key_(std::make_shared<Key>()) {
  server_ = std::make_unique<FakeServer>([key = key_, lifetime](const FakeRequest& request) {
    std::vector<std::string> scopes;
    auto [first, last] = request.query_all.equal_range("scope");
    for (auto scope = first; scope != last; ++scope) scopes.push_back(scope->second);
    FakeReply reply;
    reply.body = R"({"token":")" + key->token(scopes, lifetime) + R"(","expires_in":)" +
                 std::to_string(lifetime) + "}";
    return reply.with("Content-Type", "application/json");
  });
}

JwtTokenServer::~JwtTokenServer() = default;

std::string JwtTokenServer::certificate() const {
  std::unique_ptr<BIO, Freed<BIO_free>> memory(BIO_new(BIO_s_mem()));
  need(memory && PEM_write_bio_X509(memory.get(), key_->certificate.get()) == 1, "write a certificate");
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

}  // namespace cooper::testing
