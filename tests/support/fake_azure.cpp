#include "support/fake_azure.h"

#include "base/text.h"
#include "cloud/azure_shared_key.h"
#include "cloud/xml.h"

namespace cooper::testing {

namespace {

constexpr std::size_t kPage = 3;

FakeReply status(int code) {
  FakeReply reply;
  reply.status = code;
  return reply;
}

FakeReply refuse(int code, const std::string& name, const std::string& message) {
  FakeReply reply = status(code);
  // With the mark that the real one sends.
  reply.body = "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + name +
               "</Code><Message>" + message +
               "\nRequestId:1\nTime:now</Message><AuthenticationErrorDetail>signature</"
               "AuthenticationErrorDetail></Error>";
  return reply.with("x-ms-error-code", name).with("Content-Type", "application/xml");
}

std::string query(const FakeRequest& request, const std::string& name) {
  return request.query.contains(name) ? request.query.at(name) : std::string();
}

}  // namespace

FakeAzure::FakeAzure() {
  server_ = std::make_unique<FakeServer>([this](const FakeRequest& request) {
    std::scoped_lock lock(mutex_);
    return handle(request);
  });
}

void FakeAzure::remove_container() {
  std::scoped_lock lock(mutex_);
  has_container_ = false;
}

bool FakeAzure::has_container() const {
  std::scoped_lock lock(mutex_);
  return has_container_;
}

bool FakeAzure::is_known(const FakeRequest& request) {
  const std::string authorization = request.header("authorization");
  if (authorization.empty()) return request.target.ends_with(kSas);
  if (authorization == std::string("Bearer ") + kToken) return true;
  net::Headers headers;
  for (const auto& [name, value] : request.headers) {
    if (name != "authorization") headers.emplace_back(name, value);
  }
  const std::string url = "http://" + request.header("host") + request.target;
  return authorization ==
         cloud::sign_azure_request(request.method, url, headers, request.body.size(), kAccount, kKey);
}

FakeReply FakeAzure::handle(const FakeRequest& request) {
  if (request.header("x-ms-version").empty() || request.header("x-ms-date").empty())
    return refuse(400, "MissingRequiredHeader",
                  "An HTTP header that's mandatory for this request is not specified.");
  if (!is_known(request)) {
    const bool has_token = request.header("authorization").rfind("Bearer ", 0) == 0;
    return refuse(has_token ? 401 : 403, has_token ? "InvalidAuthenticationInfo" : "AuthenticationFailed",
                  "Server failed to authenticate the request.");
  }
  const std::string root = std::string("/") + kAccount + "/" + kContainer;
  if (request.path == root) return handle_container(request);
  if (request.path.rfind(root + "/", 0) != 0 || !has_container_)
    return refuse(404, "ContainerNotFound", "The specified container does not exist.");
  return handle_blob(request, base::percent_decode(request.path.substr(root.size() + 1)));
}

FakeReply FakeAzure::handle_container(const FakeRequest& request) {
  if (request.method == "PUT") {
    if (has_container_)
      return refuse(409, "ContainerAlreadyExists", "The specified container already exists.");
    has_container_ = true;
    return status(201);
  }
  if (!has_container_) return refuse(404, "ContainerNotFound", "The specified container does not exist.");
  FakeObjects::Page page = objects_.list(query(request, "prefix"), query(request, "marker"), kPage);
  FakeReply reply;
  reply.body = "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>";
  for (const std::string& name : page.names)
    reply.body += "<Blob><Name>" + cloud::escape_xml(name) + "</Name></Blob>";
  reply.body += "</Blobs><NextMarker>" + cloud::escape_xml(page.next) + "</NextMarker></EnumerationResults>";
  return reply;
}

FakeReply FakeAzure::handle_blob(const FakeRequest& request, const std::string& name) {
  if (request.method != "PUT") {
    std::optional<std::string> content = objects_.find(name);
    if (!content) return refuse(404, "BlobNotFound", "The specified blob does not exist.");
    FakeReply reply;
    reply.body = *content;
    return reply;
  }
  const std::string comp = query(request, "comp");
  if (comp == "blocklist") return commit(request, name);
  if (comp == "block") {
    const std::string id = query(request, "blockid");
    for (const auto& [other, bytes] : blocks_[name]) {
      if (other.size() != id.size())
        return refuse(400, "InvalidBlobOrBlock", "The blob or block content is invalid.");
    }
    blocks_[name][id] = request.body;
    return status(201);
  }
  if (request.header("x-ms-blob-type") != "BlockBlob")
    return refuse(400, "MissingRequiredHeader", "x-ms-blob-type");
  return store(request, name, request.body);
}

FakeReply FakeAzure::commit(const FakeRequest& request, const std::string& name) {
  std::optional<cloud::XmlElement> list = cloud::parse_xml(request.body);
  if (!list || list->name != "BlockList")
    return refuse(400, "InvalidXmlDocument", "XML specified is not valid.");
  if (request.has_header("if-none-match") && objects_.find(name))
    return refuse(409, "BlobAlreadyExists", "The specified blob already exists.");
  std::string content;
  for (const cloud::XmlElement& block : list->children) {
    auto found = blocks_[name].find(block.text);
    if (block.name != "Uncommitted" || found == blocks_[name].end())
      return refuse(400, "InvalidBlockList", "The specified block list is invalid.");
    content += found->second;
  }
  return store(request, name, content);
}

FakeReply FakeAzure::store(const FakeRequest& request, const std::string& name, const std::string& content) {
  if (!objects_.store(name, content, request.header("if-none-match") == "*"))
    return refuse(409, "BlobAlreadyExists", "The specified blob already exists.");
  blocks_.erase(name);
  return status(201);
}

}  // namespace cooper::testing
