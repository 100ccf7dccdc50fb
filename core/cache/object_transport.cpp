#include "cache/object_transport.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"
#include "cloud/refusal.h"
#include "net/retry.h"
#include "net/url.h"

namespace cooper::cache {

namespace {

constexpr std::size_t kErrorBodyLimit = 64 << 10;
// A request that taught something is asked again; what two lessons do not mend is refused.
constexpr int kMostLessons = 2;

// A stream that must have exactly the length that was announced: the server would wait for the rest for ever.
class ExactSource final : public base::ByteSource {
 public:
  explicit ExactSource(const ObjectStore::Body& body) : source_(body.open()), size_(body.size) {}

  std::size_t read(base::MutableByteSpan buffer) override {
    std::size_t length = source_->read(buffer);
    seen_ += length;
    if (seen_ > size_ || (length == 0 && seen_ < size_)) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("what is uploaded has {} {} bytes, but {} were announced",
                                    seen_ > size_ ? "at least" : "only", seen_, size_));
    }
    return length;
  }

 private:
  std::unique_ptr<base::ByteSource> source_;
  const std::uint64_t size_;
  std::uint64_t seen_ = 0;
};

std::string read_refused(base::ByteSource& stream) {
  try {
    return base::read_all(stream, kErrorBodyLimit, "the store's error");
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    return {};  // the status says enough
  }
}

}  // namespace

ObjectTransport::ObjectTransport(cloud::CloudContext context, std::unique_ptr<ObjectService> service)
    : context_(std::move(context)), service_(std::move(service)), name_(service_->name()) {}

// Sends; a refusal comes back with its body, a success with none of it read.
net::Response ObjectTransport::exchange(const ObjectCall& call, Stream& stream, const std::stop_token& stop) {
  for (int lessons = 0;; ++lessons) {
    net::Request request = service_->request(call, stop);
    request.body = call.body;
    request.stall_timeout = call.patience;
    request.connect_timeout = std::min(request.connect_timeout, call.patience);
    if (call.stream) {
      request.body_stream = [&call] { return std::make_unique<ExactSource>(*call.stream); };
      request.body_size = call.stream->size;
    }
    stream = context_.http->open(request, stop);
    net::Response response = stream->response();
    if (response.status < 300) return response;
    response.body = read_refused(*stream);
    if (lessons == kMostLessons || !service_->learn(response)) return response;
  }
}

net::Response ObjectTransport::send_once(const ObjectCall& call, const std::stop_token& stop) {
  try {
    Stream stream;
    net::Response response = exchange(call, stream, stop);
    if (response.status < 300)
      response.body = base::read_all(*stream, call.answer_limit, fmt::format("the answer of {}", name_));
    if (call.mend) call.mend(response);
    return response;
  } catch (base::Error& failure) {
    if (failure.trail().empty()) failure.context(fmt::format("{} of {}", call.what, name_));
    throw;
  }
}

net::Response ObjectTransport::retry(const ObjectCall& call, const std::function<net::Response()>& attempt,
                                     const std::stop_token& stop) {
  auto on_retry = [&](const std::string& line) {
    if (context_.on_retry) context_.on_retry(fmt::format("{} of {}: {}", call.what, name_, line));
  };
  return net::send_with_retry(context_.retry, attempt, on_retry, stop);
}

net::Response ObjectTransport::send(const ObjectCall& call, const std::stop_token& stop) {
  return retry(
      call, [&] { return send_once(call, stop); }, stop);
}

std::unique_ptr<base::ByteSource> ObjectTransport::open(const ObjectCall& call, const std::stop_token& stop) {
  Stream stream;
  auto attempt = [&] {
    try {
      return exchange(call, stream, stop);
    } catch (base::Error& failure) {
      if (failure.trail().empty()) failure.context(fmt::format("{} of {}", call.what, name_));
      throw;
    }
  };
  net::Response response = retry(call, attempt, stop);
  if (response.status != 200) refuse(call, response);
  return stream;
}

base::Error ObjectTransport::error(const ObjectCall& call, const std::string& cause) const {
  base::Error failure(base::ErrorKind::kRegistry, fmt::format("{} {}", name_, cause));
  failure.context(call.what);
  return failure;
}

void ObjectTransport::refuse(const ObjectCall& call, const net::Response& response) const {
  const bool is_denied = response.status == 401 || response.status == 403;
  base::Error failure(is_denied ? base::ErrorKind::kAuth : base::ErrorKind::kRegistry,
                      fmt::format("{} answered {}", name_, cloud::refusal_text(response)));
  failure.context(call.what).retryable(net::is_retryable_status(response.status));
  if (std::string hint = service_->hint(response); !hint.empty()) failure.hint(hint);
  throw base::Error(failure);
}

std::string encode_object_path(const std::string& object) {
  std::vector<std::string> segments = base::split(object, '/');
  for (std::string& segment : segments) segment = net::percent_encode(segment);
  return base::join(segments, "/");
}

std::string url_with_query(std::string url, const std::vector<std::pair<std::string, std::string>>& query) {
  for (const auto& [name, value] : query) url = net::with_query(std::move(url), name, value);
  return url;
}

}  // namespace cooper::cache
