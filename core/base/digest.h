// SHA-256 content digests as OCI spells them ("sha256:<64 hex>"), and the streaming hasher.
//
// OCI image-spec, descriptor.md, "Digests". Only sha256 is accepted: every registry speaks it, and one
// algorithm keeps store paths and cache keys unambiguous.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cooper::base {

// 32 bytes; the default value is all zero and means "none".
class Digest {
 public:
  using Bytes = std::array<std::uint8_t, 32>;

  Digest() = default;
  explicit Digest(const Bytes& bytes) : bytes_(bytes) {}

  // Accepts exactly "sha256:" and 64 lower-case hex digits; nullopt otherwise.
  static std::optional<Digest> parse(std::string_view text);
  // As parse(), but throws Error{kCorrupt} naming the text.
  static Digest parse_or_throw(std::string_view text);
  static std::optional<Digest> from_hex(std::string_view hex);

  std::string str() const;        // "sha256:<hex>"
  std::string hex() const;        // 64 hex digits
  std::string short_hex() const;  // the first 12, for people
  const Bytes& bytes() const { return bytes_; }
  bool empty() const { return bytes_ == Bytes{}; }

  auto operator<=>(const Digest&) const = default;

 private:
  Bytes bytes_{};
};

// Incremental SHA-256 over OpenSSL (which uses SHA-NI). Movable; finish() may be called once.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  Hasher& update(std::span<const std::byte> data);
  Hasher& update(std::string_view data);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::string_view data);
Digest sha256(std::span<const std::byte> data);

}  // namespace cooper::base

template <>
struct std::hash<cooper::base::Digest> {
  std::size_t operator()(const cooper::base::Digest& digest) const noexcept;
};
