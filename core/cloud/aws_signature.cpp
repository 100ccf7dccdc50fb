#include "cloud/aws_signature.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "cloud/hmac.h"
#include "net/url.h"

namespace cooper::cloud {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// What libcurl or a proxy adds or changes on the way.
const std::set<std::string> kUnsigned = {"authorization",     "connection", "expect",
                                         "transfer-encoding", "user-agent", "x-amzn-trace-id"};

struct Target {
  std::string host;  // as the Host header has it
  std::string path;
  std::string query;
};

Target split_url(const std::string& url) {
  net::Origin origin = net::origin_of(url);
  Target target;
  target.host = origin.host;
  bool default_port = origin.port == (origin.scheme == "https" ? 443 : 80);
  if (!default_port) target.host += fmt::format(":{}", origin.port);
  std::size_t path = std::min(url.find_first_of("/?#", url.find("://") + 3), url.size());
  std::string rest = url.substr(path, url.find('#', path) - path);
  std::size_t mark = std::min(rest.find('?'), rest.size());
  target.path = mark == 0 ? "/" : rest.substr(0, mark);
  if (mark < rest.size()) target.query = rest.substr(mark + 1);
  return target;
}

// Without empty, "." and ".." segments, each encoded once more.
std::string normalised_path(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& segment : base::split(path, '/')) {
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(net::percent_encode(segment));
    }
  }
  std::string normal = "/" + base::join(kept, "/");
  if (path.size() > 1 && path.back() == '/' && normal.size() > 1) normal += '/';
  return normal;
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& pair : base::split(query, '&')) {
    std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(pair.substr(0, equals), equals < pair.size() ? pair.substr(equals + 1) : "");
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> lines;
  for (const auto& [name, value] : pairs) lines.push_back(name + "=" + value);
  return base::join(lines, "&");
}

// Trimmed, and runs of blanks as one.
std::string canonical_value(std::string_view value) {
  std::string canonical;
  for (char c : base::trim(value)) {
    bool blank = c == ' ' || c == '\t';
    if (!blank) canonical += c;
    if (blank && canonical.back() != ' ') canonical += ' ';
  }
  return canonical;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;
};

CanonicalHeaders canonical_headers(const net::Headers& headers, const net::Headers& added,
                                   const std::string& host) {
  std::map<std::string, std::string> sorted = {{"host", host}};
  for (const net::Headers* list : {&headers, &added}) {
    for (const auto& [name, value] : *list) {
      std::string lower = base::to_lower(name);
      if (kUnsigned.contains(lower) || lower == "host") continue;
      auto [found, fresh] = sorted.try_emplace(lower, canonical_value(value));
      if (!fresh) found->second += "," + canonical_value(value);
    }
  }
  CanonicalHeaders canonical;
  std::vector<std::string> names;
  for (const auto& [name, value] : sorted) {
    canonical.lines += name + ":" + value + "\n";
    names.push_back(name);
  }
  canonical.names = base::join(names, ";");
  return canonical;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

net::Headers sign_aws_request(const std::string& method, const std::string& url, const net::Headers& headers,
                              std::string_view payload_hash, const AwsCredentials& credentials,
                              const AwsScope& scope, TimePoint time) {
  const bool is_s3 = scope.service == "s3";
  const std::string timestamp = compact_timestamp(time);
  const std::string date = timestamp.substr(0, 8);
  net::Headers added = {{"X-Amz-Date", timestamp}};
  if (is_s3) added.emplace_back("X-Amz-Content-SHA256", std::string(payload_hash));
  if (!credentials.session_token.empty())
    added.emplace_back("X-Amz-Security-Token", credentials.session_token);

  const Target target = split_url(url);
  const CanonicalHeaders canonical = canonical_headers(headers, added, target.host);
  const std::string request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", method, is_s3 ? target.path : normalised_path(target.path),
                  canonical_query(target.query), canonical.lines, canonical.names, payload_hash);
  const std::string place = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, place, base::sha256(request).hex());

  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, date);
  for (const std::string& step : {scope.region, scope.service, std::string("aws4_request")})
    key = hmac_sha256(key, step);
  added.emplace_back("Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                                  kAlgorithm, credentials.access_key_id, place,
                                                  canonical.names, hex(hmac_sha256(key, text))));
  return added;
}

}  // namespace cooper::cloud
