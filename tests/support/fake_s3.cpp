#include "support/fake_s3.h"

#include <chrono>

#include "base/digest.h"
#include "base/text.h"
#include "cloud/aws_signature.h"
#include "cloud/xml.h"

namespace cooper::testing {

namespace {

constexpr std::size_t kPage = 3;
constexpr std::size_t kSmallestPart = 5 << 20;

FakeReply xml_reply(int status, const std::string& body) {
  FakeReply reply;
  reply.status = status;
  reply.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + body;
  return reply.with("Content-Type", "application/xml");
}

FakeReply refuse(int status, const std::string& code, const std::string& message,
                 const std::string& more = "") {
  return xml_reply(status,
                   "<Error><Code>" + code + "</Code><Message>" + message + "</Message>" + more + "</Error>");
}

// "…Credential=a/b, SignedHeaders=c;d, Signature=e" → the value after `name`.
std::string part_of(const std::string& authorization, const std::string& name) {
  std::size_t start = authorization.find(name + "=");
  if (start == std::string::npos) return {};
  start += name.size() + 1;
  return authorization.substr(start, authorization.find(',', start) - start);
}

// "20130524T000000Z".
std::optional<cloud::TimePoint> parse_compact(std::string text) {
  if (text.size() != 16) return std::nullopt;
  for (std::size_t at : {13, 11}) text.insert(at, ":");
  for (std::size_t at : {6, 4}) text.insert(at, "-");
  return cloud::parse_timestamp(text);
}

std::string tag_of(const std::string& content) {
  return '"' + base::sha256(content).short_hex() + '"';
}

}  // namespace

FakeS3::FakeS3() {
  server_ = std::make_unique<FakeServer>([this](const FakeRequest& request) { return handle(request); });
}

std::size_t FakeS3::open_uploads() const {
  std::scoped_lock lock(mutex_);
  return uploads_.size();
}

void FakeS3::fail_next_completion(const std::string& code) {
  std::scoped_lock lock(mutex_);
  failure_ = code;
}

std::optional<FakeReply> FakeS3::check_signature(const FakeRequest& request) const {
  const std::string authorization = request.header("authorization");
  if (authorization.empty()) return refuse(403, "AccessDenied", "Access Denied");
  const std::vector<std::string> scope = base::split(part_of(authorization, "Credential"), '/');
  if (scope.size() != 5 || scope[0] != kKeyId)
    return refuse(403, "InvalidAccessKeyId",
                  "The AWS Access Key Id you provided does not exist in our records.");
  if (scope[2] != region_) {
    return refuse(400, "AuthorizationHeaderMalformed", "the region '" + scope[2] + "' is wrong",
                  "<Region>" + region_ + "</Region>");
  }
  const std::optional<cloud::TimePoint> time = parse_compact(request.header("x-amz-date"));
  const auto now = std::chrono::system_clock::now();
  if (!time || *time < now - std::chrono::minutes(15) || *time > now + std::chrono::minutes(15))
    return refuse(403, "RequestTimeTooSkewed",
                  "The difference between the request time and ours is too large.");
  if (request.header("x-amz-security-token") != session_token_)
    return refuse(400, "ExpiredToken", "The provided token has expired.");

  net::Headers headers;
  for (const std::string& name : base::split(part_of(authorization, "SignedHeaders"), ';')) {
    bool is_added = name == "host" || name == "x-amz-date" || name == "x-amz-content-sha256" ||
                    name == "x-amz-security-token";
    if (!is_added) headers.emplace_back(name, request.header(name));
  }
  const cloud::AwsCredentials credentials = {kKeyId, kSecret, session_token_, {}, ""};
  net::Headers expected =
      cloud::sign_aws_request(request.method, "http://" + request.header("host") + request.target, headers,
                              request.header("x-amz-content-sha256"), credentials, {region_, "s3"}, *time);
  if (expected.back().second == authorization) return std::nullopt;
  return refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.",
                "<StringToSign>" + authorization + "</StringToSign>");
}

FakeReply FakeS3::handle(const FakeRequest& request) {
  if (auto refusal = check_signature(request)) return *refusal;
  const std::string root = std::string("/") + kBucket + "/";
  if (request.path.rfind(root, 0) != 0)
    return refuse(404, "NoSuchBucket", "The specified bucket does not exist");
  const std::string key = base::percent_decode(request.path.substr(root.size()));
  if (key.empty()) return list(request);
  bool is_upload = request.query.contains("uploads") || request.query.contains("uploadId");
  return is_upload ? handle_upload(request, key) : handle_object(request, key);
}

FakeReply FakeS3::handle_object(const FakeRequest& request, const std::string& key) {
  if (request.method == "PUT") return put_object(request, key);
  std::optional<std::string> content = objects_.find(key);
  if (!content) return refuse(404, "NoSuchKey", "The specified key does not exist.");
  FakeReply reply;
  reply.body = *content;
  return reply;
}

FakeReply FakeS3::put_object(const FakeRequest& request, const std::string& key) {
  bool is_conditional = request.has_header("if-none-match");
  if (is_conditional && !has_conditions_)
    return refuse(501, "NotImplemented",
                  "A header you provided implies functionality that is not implemented");
  if (!objects_.store(key, request.body, is_conditional))
    return refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  return FakeReply().with("ETag", tag_of(request.body));
}

FakeReply FakeS3::handle_upload(const FakeRequest& request, const std::string& key) {
  std::scoped_lock lock(mutex_);
  if (request.query.contains("uploads")) {
    std::string id = "upload/" + std::to_string(++begun_) + "+=";
    uploads_[id].key = key;
    return xml_reply(200, "<InitiateMultipartUploadResult><UploadId>" + id +
                              "</UploadId></InitiateMultipartUploadResult>");
  }
  const std::string id = request.query.at("uploadId");
  if (!uploads_.contains(id) || uploads_[id].key != key)
    return refuse(404, "NoSuchUpload", "The specified upload does not exist.");
  if (request.method == "POST") return complete(request, id);
  if (request.method == "DELETE") {
    uploads_.erase(id);
    FakeReply reply;
    reply.status = 204;
    return reply;
  }
  uploads_[id].parts[std::stoi(request.query.at("partNumber"))] = request.body;
  return FakeReply().with("ETag", tag_of(request.body));
}

FakeReply FakeS3::complete(const FakeRequest& request, const std::string& id) {
  if (!failure_.empty()) return refuse(200, std::exchange(failure_, {}), "it went wrong after all");
  std::optional<cloud::XmlElement> body = cloud::parse_xml(request.body);
  if (!body) return refuse(400, "MalformedXML", "The XML you provided was not well-formed");
  const Upload& upload = uploads_[id];
  std::string content;
  for (const cloud::XmlElement& part : body->children) {
    auto found = upload.parts.find(std::stoi(part.text_at({"PartNumber"})));
    if (found == upload.parts.end() || tag_of(found->second) != part.text_at({"ETag"}))
      return refuse(400, "InvalidPart", "One or more of the specified parts could not be found.");
    if (&part != &body->children.back() && found->second.size() < kSmallestPart)
      return refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    content += found->second;
  }
  if (!objects_.store(upload.key, content, request.has_header("if-none-match")))
    return refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  uploads_.erase(id);
  return xml_reply(200, "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
}

FakeReply FakeS3::list(const FakeRequest& request) const {
  auto value = [&](const std::string& name) {
    return request.query.contains(name) ? request.query.at(name) : std::string();
  };
  if (value("list-type") != "2") return refuse(400, "InvalidArgument", "list-type");
  FakeObjects::Page page = objects_.list(value("prefix"), value("continuation-token"), kPage);
  std::string body = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>cache</Name>";
  for (const std::string& name : page.names)
    body += "<Contents><Key>" + cloud::escape_xml(name) + "</Key></Contents>";
  if (!page.next.empty())
    body += "<NextContinuationToken>" + cloud::escape_xml(page.next) + "</NextContinuationToken>";
  return xml_reply(200, body + "</ListBucketResult>");
}

}  // namespace cooper::testing
