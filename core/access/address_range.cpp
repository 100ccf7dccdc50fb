#include "access/address_range.h"

#include <arpa/inet.h>
#include <charconv>

namespace cooper::access {

namespace {

struct Address {
  int family = 0;
  std::array<std::uint8_t, 16> bytes{};
};

std::optional<Address> parse_address(const std::string& text) {
  Address address;
  address.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (::inet_pton(address.family, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

// "[::1]:5000" → "::1", "10.0.0.1:5000" → "10.0.0.1".
std::string without_port(const std::string& host) {
  if (!host.empty() && host.front() == '[') return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  AddressRange range;
  range.family_ = address->family;
  range.bytes_ = address->bytes;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, range.bits_);
  const unsigned most = address->family == AF_INET ? 32 : 128;
  if (error != std::errc() || stop != end || range.bits_ > most) return std::nullopt;
  return range;
}

bool AddressRange::contains(const std::string& host) const {
  const std::optional<Address> address = parse_address(without_port(host));
  if (!address || address->family != family_) return false;
  for (unsigned bit = 0; bit < bits_; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((address->bytes[bit / 8] ^ bytes_[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace cooper::access
