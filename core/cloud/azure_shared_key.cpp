#include "cloud/azure_shared_key.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "cloud/hmac.h"

namespace cooper::cloud {

namespace {

// In the order of the string; Date stays empty, since x-ms-date takes its place.
constexpr std::array<const char*, 11> kStandard = {
    "content-encoding",  "content-language", "content-length", "content-md5",         "content-type", "date",
    "if-modified-since", "if-match",         "if-none-match",  "if-unmodified-since", "range"};

// "/account/path", then each query parameter as "\nname:value", decoded and sorted.
std::string canonical_resource(const std::string& url, const std::string& account) {
  std::size_t path = std::min(url.find_first_of("/?", url.find("://") + 3), url.size());
  std::size_t query = std::min(url.find('?', path), url.size());
  std::string resource = "/" + account + (path == query ? "/" : url.substr(path, query - path));
  if (query + 1 >= url.size()) return resource;
  std::map<std::string, std::vector<std::string>> parameters;
  for (const std::string& pair : base::split(url.substr(query + 1), '&')) {
    std::size_t equals = std::min(pair.find('='), pair.size());
    std::string value = equals < pair.size() ? pair.substr(equals + 1) : std::string();
    parameters[base::to_lower(base::percent_decode(pair.substr(0, equals)))].push_back(
        base::percent_decode(value));
  }
  for (auto& [name, values] : parameters) {
    std::sort(values.begin(), values.end());
    resource += fmt::format("\n{}:{}", name, base::join(values, ","));
  }
  return resource;
}

}  // namespace

std::string azure_string_to_sign(const std::string& method, const std::string& url,
                                 const net::Headers& headers, std::uint64_t content_length,
                                 const std::string& account) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : headers) values[base::to_lower(name)] = base::trim(value);
  // Since version 2015-02-21 no body is an empty field, not "0".
  values["content-length"] = content_length == 0 ? std::string() : std::to_string(content_length);
  std::string text = method + "\n";
  for (const char* name : kStandard) text += values[name] + "\n";
  for (const auto& [name, value] : values) {
    if (name.rfind("x-ms-", 0) == 0) text += fmt::format("{}:{}\n", name, value);
  }
  return text + canonical_resource(url, account);
}

std::string sign_azure_request(const std::string& method, const std::string& url, const net::Headers& headers,
                               std::uint64_t content_length, const std::string& account,
                               const std::string& key) {
  std::optional<std::string> raw = base::base64_decode(key);
  if (!raw || raw->empty()) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("the key of the storage account '{}' is not base64", account));
  }
  std::string text = azure_string_to_sign(method, url, headers, content_length, account);
  return fmt::format("SharedKey {}:{}", account, base::base64_encode(hmac_sha256(*raw, text)));
}

}  // namespace cooper::cloud
