// What the store remembers of a URL: the file that it gave, and by what a server says that it still does.
//
// Only validators that stand for the very bytes are kept (RFC 9110, section 8.8): a strong ETag, or a
// Last-Modified that the response's own Date proves old enough to be one. The URL itself is not in it,
// because people write passwords into URLs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "net/http.h"

namespace cooper::ops {

struct HttpRecord {
  base::Digest digest;
  std::uint64_t size = 0;                     // bytes
  std::optional<std::int64_t> last_modified;  // seconds since the epoch
  std::string etag;                           // as sent, "" for none that is strong
  std::string modified_since;                 // Last-Modified as sent, "" where it is no strong validator

  bool operator==(const HttpRecord&) const = default;

  // Whether it can save a transfer at all.
  bool has_validator() const { return !etag.empty() || !modified_since.empty(); }
  // If-None-Match, If-Modified-Since.
  net::Headers conditions() const;

  // Of a file that came with `response`.
  static HttpRecord of(const net::Response& response, const base::Digest& digest, std::uint64_t size);

  std::string serialize() const;                                  // JSON
  static std::optional<HttpRecord> parse(std::string_view json);  // nullopt when damaged
};

}  // namespace cooper::ops
