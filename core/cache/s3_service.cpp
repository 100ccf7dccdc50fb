#include "cache/s3_service.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cloud/aws_endpoint.h"
#include "cloud/refusal.h"
#include "cloud/xml.h"
#include "net/url.h"

namespace cooper::cache {

namespace {

// Where a bucket can be asked for whose region nobody knows: it answers with the right one.
constexpr const char* kFirstRegion = "us-east-1";

bool is_address(const std::string& host) {
  return host.front() == '[' || host.find_first_not_of("0123456789.") == std::string::npos;
}

// The region becomes part of a host name, so not everything that an answer says is believed.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() < 40 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string region_in(const net::Response& refusal) {
  if (const std::string* header = refusal.header("x-amz-bucket-region")) return *header;
  std::optional<cloud::XmlElement> error = cloud::parse_xml(refusal.body);
  return error ? error->text_at({"Region"}) : std::string();
}

}  // namespace

S3Service::S3Service(cloud::CloudContext context, const cloud::AwsOptions& options, S3Place place)
    : context_(context), place_(std::move(place)), identity_(std::move(context), options) {}

std::string S3Service::name() const {
  std::string_view prefix = base::trim(place_.prefix, "/");
  return prefix.empty() ? fmt::format("s3 {}", place_.bucket)
                        : fmt::format("s3 {}/{}", place_.bucket, prefix);
}

std::string S3Service::region(const std::stop_token& stop) {
  std::string known = region_.with([](const std::string& region) { return region; });
  if (!known.empty()) return known;
  std::string found = place_.endpoint_url.empty() ? identity_.find_region(stop) : identity_.region();
  if (found.empty()) found = kFirstRegion;
  return region_.with([&](std::string& region) {
    if (region.empty()) region = found;
    return region;
  });
}

std::string S3Service::base_url(const std::string& region) const {
  std::string endpoint = place_.endpoint_url;
  if (endpoint.empty()) endpoint = fmt::format("https://s3.{}.{}", region, cloud::aws_domain(region));
  net::Origin origin = net::origin_of(endpoint);
  // A wildcard certificate covers one label, so a bucket with dots cannot be part of a host name under TLS.
  bool by_path = place_.use_path_style || is_address(origin.host) ||
                 (origin.scheme == "https" && place_.bucket.find('.') != std::string::npos);
  if (by_path) return fmt::format("{}/{}", endpoint, net::percent_encode(place_.bucket));
  std::size_t host = endpoint.find("://") + 3;
  return fmt::format("{}{}.{}", endpoint.substr(0, host), place_.bucket, endpoint.substr(host));
}

net::Request S3Service::request(const ObjectCall& call, const std::stop_token& stop) {
  const std::string region = this->region(stop);
  net::Request request;
  request.method = call.method;
  request.url = url_with_query(base_url(region) + call.path, call.query);
  request.headers = call.headers;
  // A redirect would have to be signed for its target; learn() follows those to another region.
  request.follow_redirects = false;
  net::Headers added =
      cloud::sign_aws_request(request.method, request.url, request.headers, cloud::kUnsignedPayload,
                              identity_.credentials(stop), {region, "s3"}, context_.now());
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  return request;
}

bool S3Service::learn(const net::Response& refusal) {
  if (refusal.status == 301 || refusal.status == 307 || refusal.status == 400) {
    std::string right = region_in(refusal);
    bool is_news = is_region(right) &&
                   region_.with([&](std::string& region) { return std::exchange(region, right) != right; });
    if (is_news) return true;
  }
  // "RequestExpired" is for signatures, "ExpiredToken" for the keys.
  if (refusal.status != 400 && refusal.status != 401 && refusal.status != 403) return false;
  std::string code = cloud::read_refusal(refusal).code;
  if (code != "ExpiredToken" && code != "TokenRefreshRequired") return false;
  identity_.forget();
  return true;
}

std::string S3Service::hint(const net::Response& refusal) const {
  std::string code = cloud::read_refusal(refusal).code;
  if (code == "RequestTimeTooSkewed") return "set this machine's clock: signatures hold for 15 minutes";
  if (code == "NoSuchBucket") return "check the bucket's name";
  if (code == "ExpiredToken") return "the session has ended: give fresh credentials";
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch")
    return "check access_key_id and secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  if (refusal.status == 301 || refusal.status == 307) return "give the bucket's region";
  if (refusal.status != 401 && refusal.status != 403) return {};
  return "allow s3:GetObject, s3:PutObject, s3:AbortMultipartUpload and s3:ListBucket: without the last, an "
         "object "
         "that is missing answers 403 too";
}

}  // namespace cooper::cache
