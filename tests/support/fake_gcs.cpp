#include "support/fake_gcs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace cooper::testing {

namespace {

using nlohmann::json;

constexpr std::size_t kPage = 3;
constexpr std::size_t kChunkUnit = 256 << 10;
const std::string kRoot = std::string("/storage/v1/b/") + FakeGcs::kBucket + "/o";

FakeReply json_reply(int status, const json& body) {
  FakeReply reply;
  reply.status = status;
  reply.body = body.dump();
  return reply.with("Content-Type", "application/json; charset=UTF-8");
}

FakeReply refuse(int status, const std::string& reason, const std::string& message) {
  return json_reply(
      status, {{"error", {{"code", status}, {"message", message}, {"errors", {{{"reason", reason}}}}}}});
}

std::string query(const FakeRequest& request, const std::string& name) {
  return request.query.contains(name) ? request.query.at(name) : std::string();
}

FakeReply incomplete(std::size_t stored) {
  FakeReply reply;
  reply.status = 308;
  if (stored > 0) reply.with("Range", "bytes=0-" + std::to_string(stored - 1));
  return reply;
}

}  // namespace

FakeGcs::FakeGcs() {
  server_ = std::make_unique<FakeServer>([this](const FakeRequest& request) {
    std::scoped_lock lock(mutex_);
    return handle(request);
  });
}

std::size_t FakeGcs::open_uploads() const {
  std::scoped_lock lock(mutex_);
  return uploads_.size();
}

void FakeGcs::revoke_tokens() {
  std::scoped_lock lock(mutex_);
  first_valid_ = tokens_ + 1;
}

void FakeGcs::break_next_chunk(std::size_t kept) {
  std::scoped_lock lock(mutex_);
  broken_at_ = kept;
}

void FakeGcs::take_at_most(std::size_t bytes) {
  std::scoped_lock lock(mutex_);
  at_most_ = bytes;
}

FakeReply FakeGcs::handle(const FakeRequest& request) {
  if (request.path == "/token") return give_token(request);
  const std::string bearer = request.header("authorization");
  const bool is_known = bearer.rfind("Bearer token-", 0) == 0 && std::stoi(bearer.substr(13)) >= first_valid_;
  if (!is_known) return refuse(401, "authError", "Invalid Credentials");
  if (request.query.contains("upload_id")) return handle_session(request);
  if (request.path == "/upload" + kRoot) return begin(request);
  if (request.path == kRoot) return list(request);
  if (request.path.rfind(kRoot + "/", 0) != 0)
    return refuse(404, "notFound", "The specified bucket does not exist.");
  std::optional<std::string> content =
      objects_.find(base::percent_decode(request.path.substr(kRoot.size() + 1)));
  if (!content) return refuse(404, "notFound", "No such object: cache/x");
  if (query(request, "alt") != "media") return json_reply(200, {{"name", "x"}});
  FakeReply reply;
  reply.body = *content;
  return reply;
}

FakeReply FakeGcs::give_token(const FakeRequest& request) {
  if (request.body.find("refresh_token=1%2F%2Ffake-refresh") == std::string::npos)
    return json_reply(400, {{"error", "invalid_grant"}, {"error_description", "Bad Request"}});
  return json_reply(200, {{"access_token", "token-" + std::to_string(++tokens_)}, {"expires_in", 3600}});
}

FakeReply FakeGcs::begin(const FakeRequest& request) {
  const std::string name = query(request, "name");
  const bool is_conditional = query(request, "ifGenerationMatch") == "0";
  if (query(request, "uploadType") == "media") return finish(name, request.body, is_conditional);
  if (is_conditional && objects_.find(name)) return refuse(412, "conditionNotMet", "it exists");
  const std::string id = std::to_string(++begun_);
  uploads_[id] = {name, is_conditional, ""};
  return FakeReply().with("Location", "/upload" + kRoot + "?uploadType=resumable&upload_id=" + id);
}

FakeReply FakeGcs::finish(const std::string& name, const std::string& content, bool is_conditional) {
  if (!objects_.store(name, content, is_conditional)) return refuse(412, "conditionNotMet", "it exists");
  return json_reply(200, {{"name", name}});
}

FakeReply FakeGcs::handle_session(const FakeRequest& request) {
  const std::string id = query(request, "upload_id");
  if (!uploads_.contains(id)) return refuse(404, "notFound", "no such session");
  if (request.method != "DELETE") return take_chunk(request, id);
  uploads_.erase(id);
  FakeReply reply;
  reply.status = 499;
  return reply;
}

FakeReply FakeGcs::take_chunk(const FakeRequest& request, const std::string& id) {
  Upload& upload = uploads_[id];
  const std::string range = request.header("content-range");  // "bytes 0-9/10" or "bytes */10"
  const std::size_t total = std::stoull(range.substr(range.find('/') + 1));
  if (range.rfind("bytes */", 0) == 0) return incomplete(upload.content.size());
  const std::size_t start = std::stoull(range.substr(6));
  const std::size_t end = std::stoull(range.substr(range.find('-') + 1)) + 1;
  if (start != upload.content.size() || end - start != request.body.size())
    return refuse(400, "badRequest", "Invalid range " + range);
  if (end < total && request.body.size() % kChunkUnit != 0)
    return refuse(400, "badRequest", "Invalid size of a chunk");
  if (broken_at_ > 0) {
    upload.content += request.body.substr(0, std::exchange(broken_at_, 0));
    return refuse(503, "backendError", "it broke");
  }
  upload.content += request.body.substr(0, at_most_);
  if (upload.content.size() < total) return incomplete(upload.content.size());
  const Upload done = uploads_.extract(id).mapped();
  return finish(done.name, done.content, done.is_conditional);
}

FakeReply FakeGcs::list(const FakeRequest& request) const {
  FakeObjects::Page page = objects_.list(query(request, "prefix"), query(request, "pageToken"), kPage);
  json body = json::object();
  for (const std::string& name : page.names) body["items"].push_back({{"name", name}});
  if (!page.next.empty()) body["nextPageToken"] = page.next;
  return json_reply(200, body);
}

}  // namespace cooper::testing
