#include "context/git_http.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"
#include "net/redact.h"
#include "net/retry.h"
#include "net/url.h"

namespace cooper::context {
namespace {

constexpr std::size_t kMostAdvertised = 256 << 20;
constexpr std::size_t kMostRequested = 64 << 20;
constexpr std::string_view kAdvertisementPath = "/info/refs?service=git-upload-pack";
// Some servers give a page for people to anything whose name does not begin with "git/".
constexpr const char* kUserAgent = "git/2.0 (cooper)";

// A server that cannot be reached is a context that cannot be had.
base::Error context_error(const base::Error& error, const std::string& url) {
  if (error.kind() != base::ErrorKind::kRegistry) return error;
  base::Error ours(base::ErrorKind::kContext, fmt::format("git repository '{}': {}", url, error.summary()));
  ours.retryable(error.is_retryable());
  if (!error.hint().empty()) ours.hint(error.hint());
  return ours;
}

std::string lower_content_type(const net::Response& response) {
  const std::string* type = response.header("content-type");
  if (type == nullptr) return "";
  return base::to_lower(base::trim(std::string_view(*type).substr(0, type->find(';'))));
}

}  // namespace

GitHttp::GitHttp(GitUrl url, std::optional<GitCredential> credential, const GitAccess& access,
                 std::stop_token stop)
    : url_(std::move(url)),
      credential_(std::move(credential)),
      access_(access),
      stop_(std::move(stop)),
      base_(url_.str()) {
  while (base_.back() == '/') base_.pop_back();
}

net::Request GitHttp::request_to(const std::string& url) const {
  net::Request request;
  request.url = url;
  request.tls.verify = access_.verify;
  request.headers = {{"User-Agent", kUserAgent}};
  if (credential_ && net::origin_of(url) == net::origin_of(url_.str()))
    request.headers.emplace_back("Authorization", credential_->authorization);
  return request;
}

void GitHttp::begin_advertisement() {
  const net::Request request = request_to(base_ + std::string(kAdvertisementPath));
  net::Response response;
  try {
    response = net::send_with_retry(
        {}, [&] { return access_.http->send(request, stop_, kMostAdvertised); }, access_.on_retry, stop_);
  } catch (const base::Error& error) {
    // It was tried often enough: what is retried around this is a session that breaks later.
    throw context_error(error, url_.str()).retryable(false);
  }
  if (response.status != 200) refuse(response);
  const std::string& place = response.effective_url;
  if (!place.ends_with(kAdvertisementPath)) {
    throw base::Error(base::ErrorKind::kContext,
                      fmt::format("git repository '{}' redirects to '{}', which is none", url_.str(),
                                  net::redact_url(place)))
        .hint("give the URL that the server shows for cloning");
  }
  base_ = place.substr(0, place.size() - kAdvertisementPath.size());
  taken_ = 0;
  if (lower_content_type(response) == "application/x-git-upload-pack-advertisement") {
    advertisement_ = std::move(response.body);
  } else if (GitFileServer::is_info_refs(response.body)) {
    files_.emplace(
        url_.str(), std::move(response.body), [this](const std::string& path) { return open_file(path); },
        stop_);
  } else {
    refuse_answer();
  }
}

void GitHttp::begin_request() {
  body_.clear();
  answer_.reset();
  advertisement_.clear();
  taken_ = 0;
}

void GitHttp::write(base::ByteSpan data) {
  if (body_.size() + data.size() > kMostRequested)
    throw base::Error(base::ErrorKind::kInternal, "a git request is larger than any can be");
  body_.append(reinterpret_cast<const char*>(data.data()), data.size());
}

std::size_t GitHttp::read(base::MutableByteSpan buffer) {
  try {
    if (answer_ == nullptr && !body_.empty()) post();
    if (answer_ != nullptr) return answer_->read(buffer);
  } catch (const base::Error& error) {
    throw context_error(error, url_.str());
  }
  const std::size_t count = std::min(buffer.size(), advertisement_.size() - taken_);
  std::memcpy(buffer.data(), advertisement_.data() + taken_, count);
  taken_ += count;
  return count;
}

void GitHttp::post() {
  net::Request request = request_to(base_ + "/git-upload-pack");
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/x-git-upload-pack-request");
  request.headers.emplace_back("Accept", "application/x-git-upload-pack-result");
  request.body = std::move(body_);
  body_.clear();
  answer_ = access_.http->open(request, stop_);
  if (answer_->response().status != 200) refuse(answer_->response());
  if (lower_content_type(answer_->response()) != "application/x-git-upload-pack-result") refuse_answer();
}

std::unique_ptr<net::ResponseStream> GitHttp::open_file(const std::string& path) const {
  try {
    auto stream = access_.http->open(request_to(base_ + "/" + path), stop_);
    if (stream->response().status == 404) return nullptr;
    if (stream->response().status != 200) refuse(stream->response());
    return stream;
  } catch (const base::Error& error) {
    throw context_error(error, url_.str());
  }
}

void GitHttp::refuse_answer() const {
  throw base::Error(base::ErrorKind::kContext, fmt::format("there is no git repository at '{}'", url_.str()))
      .hint("give the URL that the server shows for cloning");
}

void GitHttp::refuse(const net::Response& response) const {
  const std::string name = fmt::format("git repository '{}'", url_.str());
  if (response.status == 401 || response.status == 403) {
    if (credential_) {
      throw base::Error(base::ErrorKind::kAuth, fmt::format("{}: the server refuses {} ({})", name,
                                                            credential_->origin, response.status))
          .hint("check that it is valid, and that it may read this repository");
    }
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("{}: the server asks for credentials ({})", name, response.status))
        .hint(fmt::format("give a token with --secret id=GIT_AUTH_TOKEN.{},env=VARIABLE", url_.authority()));
  }
  if (response.status == 404) {
    base::Error error(base::ErrorKind::kContext, name + " is not there (404)");
    error.hint(credential_ ? fmt::format("check the URL, and what {} may read", credential_->origin)
                           : "check the URL; a private repository needs --secret id=GIT_AUTH_TOKEN");
    throw error;
  }
  throw base::Error(base::ErrorKind::kContext,
                    fmt::format("{}: the server answers {}", name, response.status));
}

}  // namespace cooper::context
