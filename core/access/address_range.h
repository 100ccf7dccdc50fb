// A range of IP addresses, "10.0.0.0/8" or "fd00::/8", as daemon.json has them for insecure registries.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace cooper::access {

class AddressRange {
 public:
  // nullopt for what is no range: RFC 4632, RFC 4291.
  static std::optional<AddressRange> parse(const std::string& text);
  // Whether "host[:port]" is an address in the range. Names are not looked up.
  bool contains(const std::string& host) const;

 private:
  int family_ = 0;
  std::array<std::uint8_t, 16> bytes_{};
  unsigned bits_ = 0;
};

}  // namespace cooper::access
