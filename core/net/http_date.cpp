#include "net/http_date.h"

#include <ctime>
#include <curl/curl.h>

namespace cooper::net {

std::optional<std::int64_t> parse_http_date(const std::string& text) {
  std::time_t date = curl_getdate(text.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return date;
}

}  // namespace cooper::net
