#include "support/fake_server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

namespace cooper::testing {

namespace {

bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Buffered reading from one connection.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {}

  bool line(std::string& out) {
    std::size_t end;
    while ((end = held_.find("\r\n")) == std::string::npos) {
      if (!fill()) return false;
    }
    out = held_.substr(0, end);
    held_.erase(0, end + 2);
    return true;
  }

  bool bytes(std::size_t count, std::string& out) {
    while (held_.size() < count) {
      if (!fill()) return false;
    }
    out.append(held_, 0, count);
    held_.erase(0, count);
    return true;
  }

 private:
  bool fill() {
    char buffer[65536];
    ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    held_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  std::string held_;
};

}  // namespace

std::string decode_query(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

namespace {

void parse_query(FakeRequest& request) {
  std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  if (mark == std::string::npos) return;
  for (const std::string& pair : base::split(request.target.substr(mark + 1), '&')) {
    std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name = decode_query(pair.substr(0, equals));
    std::string value = equals < pair.size() ? decode_query(pair.substr(equals + 1)) : "";
    request.query[name] = value;
    request.query_all.emplace(name, value);
  }
}

bool read_head(Reader& reader, FakeRequest& request) {
  std::string line;
  if (!reader.line(line)) return false;
  std::vector<std::string> parts = base::split(line, ' ');
  if (parts.size() != 3) return false;
  request.method = parts[0];
  request.target = parts[1];
  parse_query(request);
  while (reader.line(line) && !line.empty()) {
    std::size_t colon = std::min(line.find(':'), line.size() - 1);
    request.headers[base::to_lower(line.substr(0, colon))] = base::trim(line.substr(colon + 1));
  }
  return true;
}

bool read_body(Reader& reader, FakeRequest& request) {
  if (request.header("transfer-encoding") == "chunked") {
    std::string line;
    while (reader.line(line)) {
      std::size_t length = std::strtoul(line.c_str(), nullptr, 16);
      if (!reader.bytes(length, request.body) || !reader.line(line)) return false;
      if (length == 0) return true;
    }
    return false;
  }
  std::string length = request.header("content-length");
  return length.empty() || reader.bytes(std::strtoul(length.c_str(), nullptr, 10), request.body);
}

}  // namespace

std::string FakeRequest::header(const std::string& lower_case_name) const {
  auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

FakeReply& FakeReply::with(std::string name, std::string value) {
  headers.emplace_back(std::move(name), std::move(value));
  return *this;
}

FakeReply& FakeReply::end(Ending how, std::size_t after) {
  ending = how;
  cut = after;
  return *this;
}

FakeServer::FakeServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

FakeServer::~FakeServer() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (Connection& connection : open_) ::shutdown(connection.fd, SHUT_RDWR);
    ending_.notify_all();
  }
  acceptor_.join();
  for (Connection& connection : open_) {
    connection.thread.join();
    ::close(connection.fd);
  }
  ::close(listener_);
}

std::string FakeServer::host() const {
  return "127.0.0.1:" + std::to_string(port_);
}
std::string FakeServer::other_host() const {
  return "localhost:" + std::to_string(port_);
}
std::string FakeServer::url(std::string_view path) const {
  return "http://" + host() + std::string(path);
}

void FakeServer::before(std::function<std::optional<FakeReply>(const FakeRequest&)> hook) {
  std::scoped_lock lock(mutex_);
  before_.push_back(std::move(hook));
}

void FakeServer::early(std::function<std::optional<FakeReply>(const FakeRequest&)> hook) {
  std::scoped_lock lock(mutex_);
  early_.push_back(std::move(hook));
}

void FakeServer::after(std::function<void(const FakeRequest&, FakeReply&)> hook) {
  std::scoped_lock lock(mutex_);
  after_.push_back(std::move(hook));
}

std::vector<FakeRequest> FakeServer::requests() const {
  std::scoped_lock lock(mutex_);
  return requests_;
}

std::size_t FakeServer::count(std::string_view method, std::string_view part_of_target) const {
  std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(requests_.begin(), requests_.end(), [&](const FakeRequest& r) {
        return r.method == method && r.target.find(part_of_target) != std::string::npos;
      }));
}

void FakeServer::accept_loop() {
  while (true) {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::scoped_lock lock(mutex_);
    if (stopping_ || fd < 0) {
      if (fd >= 0) ::close(fd);
      return;
    }
    // Head and body are two writes; the second would wait for the first one's delayed acknowledgement.
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    open_.push_back({fd, {}});
    open_.back().thread = std::thread([this, fd] { serve(fd); });
  }
}

void FakeServer::serve(int fd) {
  Reader reader(fd);
  while (true) {
    FakeRequest request;
    if (!read_head(reader, request)) break;
    std::optional<FakeReply> at_once;
    {
      std::scoped_lock lock(mutex_);
      for (const auto& hook : early_) {
        if (!at_once) at_once = hook(request);
      }
      if (at_once) requests_.push_back(request);
    }
    if (at_once) {
      answer(fd, request, at_once->with("Connection", "close"));
      break;
    }
    if (!read_body(reader, request)) break;
    std::size_t now = ++busy_;
    if (now > most_at_once_) most_at_once_ = now;
    FakeReply reply = handle(request);
    --busy_;
    if (!answer(fd, request, reply)) break;
  }
  ::shutdown(fd, SHUT_RDWR);
}

FakeReply FakeServer::handle(const FakeRequest& request) {
  std::unique_lock lock(mutex_);
  requests_.push_back(request);
  auto before = before_;
  auto after = after_;
  lock.unlock();
  for (const auto& hook : before) {
    if (auto reply = hook(request)) return *reply;
  }
  FakeReply reply = handler_(request);
  for (const auto& hook : after) hook(request, reply);
  return reply;
}

// Whether the connection can go on.
bool FakeServer::answer(int fd, const FakeRequest& request, const FakeReply& reply) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\n";
  bool sized = false;
  for (const auto& [name, value] : reply.headers) {
    head += name + ": " + value + "\r\n";
    sized = sized || base::to_lower(name) == "content-length" || base::to_lower(name) == "transfer-encoding";
  }
  if (!sized && reply.status != 204) head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  std::string_view body = request.method == "HEAD" ? std::string_view() : std::string_view(reply.body);
  if (reply.ending != FakeReply::Ending::kComplete) body = body.substr(0, reply.cut);
  bool sent = reply.status == 0 || (send_all(fd, head + "\r\n") && send_all(fd, body));
  switch (reply.ending) {
    case FakeReply::Ending::kComplete:
      return sent;
    case FakeReply::Ending::kClose:
      return false;
    case FakeReply::Ending::kReset: {
      // Closing with a zero linger sends RST; the number stays reserved by a fresh socket until the
      // destructor.
      linger now{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      int placeholder = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      ::dup3(placeholder, fd, O_CLOEXEC);
      ::close(placeholder);
      return false;
    }
    case FakeReply::Ending::kStall:
      wait_for_end();
      return false;
  }
  return false;
}

void FakeServer::wait_for_end() {
  std::unique_lock lock(mutex_);
  ending_.wait(lock, [this] { return stopping_; });
}

std::function<std::optional<FakeReply>(const FakeRequest&)> fail_times(int times, std::string method,
                                                                       std::string part_of_target,
                                                                       FakeReply reply) {
  auto left = std::make_shared<std::atomic<int>>(times);
  return [left, method = std::move(method), part = std::move(part_of_target),
          reply = std::move(reply)](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.method != method || request.target.find(part) == std::string::npos) return std::nullopt;
    if (left->fetch_sub(1) <= 0) return std::nullopt;
    return reply;
  };
}

}  // namespace cooper::testing
