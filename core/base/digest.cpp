#include "base/digest.h"

#include <cstring>
#include <openssl/evp.h>
#include <utility>

#include "base/error.h"

namespace cooper::base {
namespace {

constexpr std::string_view kPrefix = "sha256:";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<Digest> Digest::from_hex(std::string_view hex) {
  Bytes bytes;
  if (hex.size() != bytes.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    int high = hex_value(hex[2 * i]);
    int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return Digest(bytes);
}

std::optional<Digest> Digest::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  return from_hex(text.substr(kPrefix.size()));
}

Digest Digest::parse_or_throw(std::string_view text) {
  if (auto digest = parse(text)) return *digest;
  throw Error(ErrorKind::kCorrupt, "not a sha256 digest: '" + std::string(text.substr(0, 100)) + "'");
}

std::string Digest::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes_.size() * 2);
  for (std::uint8_t byte : bytes_) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string Digest::str() const {
  return std::string(kPrefix) + hex();
}
std::string Digest::short_hex() const {
  return hex().substr(0, 12);
}

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

namespace {

// Fetched once: an implicit fetch inside every DigestInit costs more than hashing a small file (OpenSSL 3).
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

}  // namespace

Hasher::Hasher() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex2(state_->context, sha256_algorithm(), nullptr) != 1) {
    throw Error(ErrorKind::kInternal, "OpenSSL offers no SHA-256");
  }
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::update(std::span<const std::byte> data) {
  EVP_DigestUpdate(state_->context, data.data(), data.size());
  return *this;
}

Hasher& Hasher::update(std::string_view data) {
  return update(std::as_bytes(std::span(data)));
}

Digest Hasher::finish() {
  Digest::Bytes bytes;
  EVP_DigestFinal_ex(state_->context, bytes.data(), nullptr);
  return Digest(bytes);
}

Digest sha256(std::string_view data) {
  return Hasher().update(data).finish();
}
Digest sha256(std::span<const std::byte> data) {
  return Hasher().update(data).finish();
}

}  // namespace cooper::base

std::size_t std::hash<cooper::base::Digest>::operator()(const cooper::base::Digest& digest) const noexcept {
  std::size_t value;
  std::memcpy(&value, digest.bytes().data(), sizeof value);
  return value;
}
