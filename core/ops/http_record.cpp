#include "ops/http_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/http_date.h"

namespace cooper::ops {
namespace {

using Json = nlohmann::ordered_json;

// RFC 9110, section 8.8.2.2: a file that was changed this shortly before it was sent can have changed again
// within the second that Last-Modified tells.
constexpr std::int64_t kSettled = 60;

// What goes back into a request header: visible ASCII, and blanks.
bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_strong_etag(std::string_view text) {
  return text.size() >= 2 && text.starts_with('"') && text.ends_with('"') && is_header_text(text);
}

std::string text_of(const Json& object, const char* name) {
  auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}

}  // namespace

net::Headers HttpRecord::conditions() const {
  net::Headers headers;
  if (!etag.empty()) headers.emplace_back("If-None-Match", etag);
  if (!modified_since.empty()) headers.emplace_back("If-Modified-Since", modified_since);
  return headers;
}

HttpRecord HttpRecord::of(const net::Response& response, const base::Digest& digest, std::uint64_t size) {
  HttpRecord record;
  record.digest = digest;
  record.size = size;
  if (const std::string* etag = response.header("etag"); etag != nullptr && is_strong_etag(*etag)) {
    record.etag = *etag;
  }
  const std::string* modified = response.header("last-modified");
  if (modified == nullptr || !is_header_text(*modified)) return record;
  record.last_modified = net::parse_http_date(*modified);
  const std::string* date = response.header("date");
  auto sent = date == nullptr ? std::nullopt : net::parse_http_date(*date);
  if (record.last_modified && sent && *sent - *record.last_modified >= kSettled) {
    record.modified_since = *modified;
  }
  return record;
}

std::string HttpRecord::serialize() const {
  Json json = {{"digest", digest.str()}, {"size", size}};
  if (last_modified) json["lastModified"] = *last_modified;
  if (!etag.empty()) json["etag"] = etag;
  if (!modified_since.empty()) json["modifiedSince"] = modified_since;
  return json.dump() + "\n";
}

std::optional<HttpRecord> HttpRecord::parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  HttpRecord record;
  auto digest = base::Digest::parse(text_of(json, "digest"));
  auto size = json.find("size");
  if (!digest || size == json.end() || !size->is_number_unsigned()) return std::nullopt;
  record.digest = *digest;
  record.size = size->get<std::uint64_t>();
  auto modified = json.find("lastModified");
  if (modified != json.end() && modified->is_number_integer()) {
    record.last_modified = modified->get<std::int64_t>();
  }
  record.etag = text_of(json, "etag");
  record.modified_since = text_of(json, "modifiedSince");
  if (!record.etag.empty() && !is_strong_etag(record.etag)) return std::nullopt;
  if (!is_header_text(record.modified_since)) return std::nullopt;
  return record;
}

}  // namespace cooper::ops
