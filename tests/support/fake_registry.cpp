#include "support/fake_registry.h"

#include <algorithm>
#include <cstdlib>
#include <openssl/evp.h>

#include "base/text.h"

namespace cooper::testing {

namespace {

// "repository:a:pull,push" covers "repository:a:pull".
bool covers(const std::string& scopes, const std::string& repository, bool push) {
  std::string prefix = "repository:" + repository + ":";
  for (const std::string& scope : base::split(scopes, ' ')) {
    if (scope.rfind(prefix, 0) != 0) continue;
    std::vector<std::string> actions = base::split(scope.substr(prefix.size()), ',');
    if (std::find(actions.begin(), actions.end(), push ? "push" : "pull") != actions.end()) return true;
  }
  return false;
}

}  // namespace

std::string basic_authorization(const std::string& user, const std::string& password) {
  std::string pair = user + ":" + password;
  std::string out(4 * ((pair.size() + 2) / 3) + 1, '\0');
  int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(pair.data()), static_cast<int>(pair.size()));
  out.resize(static_cast<std::size_t>(length));
  return "Basic " + out;
}

FakeReply refusal(int status, const std::string& code, const std::string& message) {
  FakeReply reply;
  reply.status = status;
  reply.body = R"({"errors":[{"code":")" + code + R"(","message":")" + message + R"("}]})";
  return reply.with("Content-Type", "application/json");
}

FakeRegistry::FakeRegistry() : state_(std::make_shared<State>()) {
  server_ = std::make_unique<FakeServer>([state = state_](const FakeRequest& request) {
    std::scoped_lock lock(state->mutex);
    return handle(*state, request);
  });
}

oci::Descriptor FakeRegistry::add_blob(const std::string& repository, const std::string& content,
                                       const std::string& media_type) {
  oci::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = base::sha256(content);
  descriptor.size = content.size();
  std::scoped_lock lock(state_->mutex);
  state_->blobs[descriptor.digest.str()] = content;
  state_->in_repository[repository][descriptor.digest.str()] = true;
  return descriptor;
}

base::Digest FakeRegistry::add_manifest(const std::string& repository, const std::string& tag,
                                        const std::string& media_type, const std::string& raw) {
  base::Digest digest = base::sha256(raw);
  std::scoped_lock lock(state_->mutex);
  state_->manifests[repository + ":" + digest.str()] = {media_type, raw};
  if (!tag.empty()) state_->manifests[repository + ":" + tag] = {media_type, raw};
  return digest;
}

std::size_t FakeRegistry::open_uploads() const {
  std::scoped_lock lock(state_->mutex);
  return state_->uploads.size();
}

bool FakeRegistry::has_blob(const std::string& repository, const base::Digest& digest) const {
  std::scoped_lock lock(state_->mutex);
  auto found = state_->in_repository.find(repository);
  return found != state_->in_repository.end() && found->second.count(digest.str()) > 0;
}

std::string FakeRegistry::blob(const base::Digest& digest) const {
  std::scoped_lock lock(state_->mutex);
  auto found = state_->blobs.find(digest.str());
  return found == state_->blobs.end() ? "" : found->second;
}

std::string FakeRegistry::manifest(const std::string& repository, const std::string& tag_or_digest) const {
  std::scoped_lock lock(state_->mutex);
  auto found = state_->manifests.find(repository + ":" + tag_or_digest);
  return found == state_->manifests.end() ? "" : found->second.raw;
}

void FakeRegistry::require_basic(const std::string& user, const std::string& password) {
  std::scoped_lock lock(state_->mutex);
  state_->basic = basic_authorization(user, password);
}

void FakeRegistry::require_token(const std::string& realm) {
  std::scoped_lock lock(state_->mutex);
  state_->realm = realm;
}

void FakeRegistry::break_uploads(int times, std::size_t keep) {
  std::scoped_lock lock(state_->mutex);
  state_->breaks = times;
  state_->kept = keep;
}

void FakeRegistry::set_resumable(bool on) {
  std::scoped_lock lock(state_->mutex);
  state_->resumable = on;
}

void FakeRegistry::forget_tokens() {
  std::scoped_lock lock(state_->mutex);
  state_->first_valid_token = 1'000'000;
}

bool FakeRegistry::allowed(const State& state, const FakeRequest& request, const std::string& repository,
                           FakeReply& refused) {
  std::string given = request.header("authorization");
  if (!state.basic.empty() && given != state.basic) {
    refused = refusal(401, "UNAUTHORIZED", "authentication required");
    refused.with("WWW-Authenticate", "Basic realm=\"fake\"");
    return false;
  }
  // Whoever has a token may say hello.
  if (state.realm.empty() || (repository.empty() && !given.empty())) return true;
  bool push = request.method != "GET" && request.method != "HEAD";
  // "Bearer token-<number>|<scopes>"
  constexpr std::string_view kPrefix = "Bearer token-";
  if (given.rfind(kPrefix, 0) == 0) {
    int number = std::atoi(given.c_str() + kPrefix.size());
    std::string scopes = given.substr(std::min(given.find('|'), given.size() - 1) + 1);
    bool from = request.query.count("from") == 0 || covers(scopes, request.query.at("from"), false);
    if (number >= state.first_valid_token && from && covers(scopes, repository, push)) return true;
  }
  refused = refusal(401, "UNAUTHORIZED", "authentication required");
  std::string challenge = "Bearer realm=\"" + state.realm + "\",service=\"fake\"";
  if (!repository.empty())
    challenge += ",scope=\"repository:" + repository + ":" + (push ? "pull,push" : "pull") + "\"";
  refused.with("WWW-Authenticate", challenge);
  return false;
}

FakeReply FakeRegistry::handle(State& state, const FakeRequest& request) {
  if (request.path == "/v2/") {
    FakeReply hello;
    allowed(state, request, "", hello);
    return hello;
  }
  for (std::string_view kind : {"/blobs/uploads/", "/blobs/", "/manifests/", "/tags/"}) {
    std::size_t at = request.path.find(kind);
    if (at == std::string::npos || request.path.rfind("/v2/", 0) != 0) continue;
    std::string repository = request.path.substr(4, at - 4);
    std::string rest = request.path.substr(at + kind.size());
    FakeReply refused;
    if (!allowed(state, request, repository, refused)) return refused;
    if (kind == "/blobs/uploads/") return handle_upload(state, request, repository, rest);
    if (kind == "/blobs/") return handle_blob(state, request, repository, rest);
    if (kind == "/tags/") return list_tags(state, repository);
    return handle_manifest(state, request, repository, rest);
  }
  if (request.path == "/v2/") {
    // Any token will do where no repository is asked for.
    const bool has_token =
        !state.realm.empty() && request.header("authorization").rfind("Bearer token-", 0) == 0;
    FakeReply refused;
    return has_token || allowed(state, request, "", refused) ? FakeReply{200, {}, "{}"} : refused;
  }
  return refusal(404, "NOT_FOUND", "no such page");
}

FakeReply FakeRegistry::list_tags(const State& state, const std::string& repository) {
  std::string tags;
  for (const auto& [name, manifest] : state.manifests) {
    if (name.rfind(repository + ":", 0) != 0 || name.find(":sha256:") != std::string::npos) continue;
    tags += (tags.empty() ? "\"" : ",\"") + name.substr(repository.size() + 1) + "\"";
  }
  FakeReply reply;
  reply.body = R"({"name":")" + repository + R"(","tags":[)" + tags + "]}";
  return reply;
}

FakeReply FakeRegistry::handle_blob(State& state, const FakeRequest& request, const std::string& repository,
                                    const std::string& digest) {
  if (state.in_repository[repository].count(digest) == 0)
    return refusal(404, "BLOB_UNKNOWN", "blob unknown to registry");
  FakeReply reply;
  reply.body = state.blobs[digest];
  reply.with("Docker-Content-Digest", digest).with("Content-Type", "application/octet-stream");
  std::string range = request.header("range");
  if (range.rfind("bytes=", 0) == 0) {
    std::size_t first = std::strtoul(range.c_str() + 6, nullptr, 10);
    std::size_t total = reply.body.size();
    reply.status = 206;
    reply.body.erase(0, first);
    reply.with("Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(total - 1) + "/" +
                                    std::to_string(total));
  }
  return reply;
}

FakeReply FakeRegistry::begin_upload(State& state, const FakeRequest& request,
                                     const std::string& repository) {
  FakeReply reply;
  auto mount = request.query.find("mount");
  auto from = request.query.find("from");
  if (mount != request.query.end() && from != request.query.end() &&
      state.in_repository[from->second].count(mount->second) > 0) {
    state.in_repository[repository][mount->second] = true;
    reply.status = 201;
    return reply.with("Docker-Content-Digest", mount->second);
  }
  std::string name = "s" + std::to_string(++state.sessions);
  state.uploads[name] = "";
  reply.status = 202;
  return reply.with("Location", "/v2/" + repository + "/blobs/uploads/" + name + "?_state=x");
}

// The distribution-spec's answer to PATCH and to GET: where the upload goes on, and its last byte.
FakeReply FakeRegistry::upload_status(State& state, const std::string& repository,
                                      const std::string& session) {
  FakeReply reply;
  const std::size_t size = state.uploads[session].size();
  reply.with("Location", "/v2/" + repository + "/blobs/uploads/" + session + "?_state=y");
  return reply.with("Range", "0-" + std::to_string(size > 0 ? size - 1 : 0));
}

FakeReply FakeRegistry::handle_upload(State& state, const FakeRequest& request, const std::string& repository,
                                      const std::string& session) {
  if (request.method == "POST") return begin_upload(state, request, repository);
  auto upload = state.uploads.find(session);
  if (upload == state.uploads.end())
    return refusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  FakeReply reply;
  if (request.method == "DELETE") {
    state.uploads.erase(upload);
    reply.status = 204;
    return reply;
  }
  if (request.method == "GET") {
    reply = upload_status(state, repository, session);
    reply.status = 204;
    return reply;
  }
  std::string range = request.header("content-range");
  if (!range.empty() && std::strtoul(range.c_str(), nullptr, 10) != upload->second.size()) {
    return refusal(416, "RANGE_INVALID", "invalid content range");
  }
  if (state.breaks > 0 && !request.body.empty()) {
    --state.breaks;
    upload->second += request.body.substr(0, state.kept);
    if (!state.resumable) state.uploads.erase(upload);
    reply.status = 0;
    return reply.end(FakeReply::Ending::kReset, 0);
  }
  upload->second += request.body;
  if (request.method == "PATCH") {
    reply = upload_status(state, repository, session);
    reply.status = 202;
    return reply;
  }
  std::string content = upload->second;
  state.uploads.erase(upload);
  std::string digest = base::sha256(content).str();
  if (request.query.count("digest") == 0 || request.query.at("digest") != digest) {
    return refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  state.blobs[digest] = content;
  state.in_repository[repository][digest] = true;
  reply.status = 201;
  return reply.with("Docker-Content-Digest", digest);
}

FakeReply FakeRegistry::handle_manifest(State& state, const FakeRequest& request,
                                        const std::string& repository, const std::string& name) {
  FakeReply reply;
  if (request.method == "PUT") {
    std::string digest = base::sha256(request.body).str();
    Manifest manifest{request.header("content-type"), request.body};
    state.manifests[repository + ":" + digest] = manifest;
    state.manifests[repository + ":" + name] = manifest;
    reply.status = 201;
    return reply.with("Docker-Content-Digest", digest);
  }
  auto found = state.manifests.find(repository + ":" + name);
  if (found == state.manifests.end()) return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown");
  reply.body = found->second.raw;
  reply.with("Content-Type", found->second.media_type);
  return reply.with("Docker-Content-Digest", base::sha256(reply.body).str());
}

FakeTokenServer::FakeTokenServer() : state_(std::make_shared<State>()) {
  server_ = std::make_unique<FakeServer>([state = state_](const FakeRequest& request) {
    std::scoped_lock lock(state->mutex);
    FakeReply reply;
    std::string scopes;
    auto [first, last] = request.query_all.equal_range("scope");
    for (auto scope = first; scope != last; ++scope) scopes += (scopes.empty() ? "" : " ") + scope->second;
    if (request.method == "POST") {
      for (const std::string& pair : base::split(request.body, '&')) {
        if (pair.rfind("scope=", 0) == 0) scopes = decode_query(pair.substr(6));
      }
    }
    bool basic = state->basic.empty() || request.header("authorization") == state->basic;
    bool refresh = state->refresh_token.empty() ||
                   request.body.find("refresh_token=" + state->refresh_token) != std::string::npos;
    if (!basic || !refresh) {
      reply.status = 401;
      reply.body = R"({"details":"incorrect username or password"})";
      return reply;
    }
    reply.body = R"({"token":"token-)" + std::to_string(++state->given) + "|" + scopes +
                 R"(","expires_in":)" + std::to_string(state->lifetime) + "}";
    return reply.with("Content-Type", "application/json");
  });
}

void FakeTokenServer::require_basic(const std::string& user, const std::string& password) {
  std::scoped_lock lock(state_->mutex);
  state_->basic = basic_authorization(user, password);
}

void FakeTokenServer::require_refresh_token(const std::string& token) {
  std::scoped_lock lock(state_->mutex);
  state_->refresh_token = token;
}

void FakeTokenServer::set_lifetime(int seconds) {
  std::scoped_lock lock(state_->mutex);
  state_->lifetime = seconds;
}

}  // namespace cooper::testing
