// A small HTTP/1.1 server on loopback for tests: a thread per connection, scripted answers, and every way to
// misbehave.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cooper::testing {

struct FakeRequest {
  std::string method;
  std::string target;  // path and query as sent
  std::string path;
  std::map<std::string, std::string> query;  // decoded
  std::multimap<std::string, std::string> query_all;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& lower_case_name) const;
  bool has_header(const std::string& lower_case_name) const { return headers.count(lower_case_name) > 0; }
};

struct FakeReply {
  // How the body ends: all of it, or after `cut` bytes in some bad way.
  enum class Ending { kComplete, kClose, kReset, kStall };

  int status = 200;  // 0: nothing at all is sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Ending ending = Ending::kComplete;
  std::size_t cut = 0;

  FakeReply& with(std::string name, std::string value);
  FakeReply& end(Ending how, std::size_t after);
};

class FakeServer {
 public:
  using Handler = std::function<FakeReply(const FakeRequest&)>;

  explicit FakeServer(Handler handler);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  int port() const { return port_; }
  std::string host() const;  // "127.0.0.1:port"
  // The same server under another name, which is another origin: "localhost:port".
  std::string other_host() const;
  std::string url(std::string_view path) const;  // "http://127.0.0.1:port/path"

  // Asked before the handler, in the order added, until one answers.
  void before(std::function<std::optional<FakeReply>(const FakeRequest&)> hook);
  // Asked once the headers are there; an answer goes out without the body being read, and the connection
  // closes.
  void early(std::function<std::optional<FakeReply>(const FakeRequest&)> hook);
  // Changes what the handler answered.
  void after(std::function<void(const FakeRequest&, FakeReply&)> hook);

  std::vector<FakeRequest> requests() const;
  std::size_t count(std::string_view method, std::string_view part_of_target) const;
  std::size_t connections() const { return connections_; }
  // Requests being handled right now, and the most there were at once.
  std::size_t most_at_once() const { return most_at_once_; }

 private:
  struct Connection {
    int fd;
    std::thread thread;
  };

  void accept_loop();
  void serve(int fd);
  bool answer(int fd, const FakeRequest& request, const FakeReply& reply);
  FakeReply handle(const FakeRequest& request);
  void wait_for_end();

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable ending_;
  bool stopping_ = false;
  std::vector<std::function<std::optional<FakeReply>(const FakeRequest&)>> before_;
  std::vector<std::function<std::optional<FakeReply>(const FakeRequest&)>> early_;
  std::vector<std::function<void(const FakeRequest&, FakeReply&)>> after_;
  std::vector<FakeRequest> requests_;
  std::list<Connection> open_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> busy_{0};
  std::atomic<std::size_t> most_at_once_{0};
  std::thread acceptor_;
};

std::string decode_query(std::string_view text);  // "%2F" and "+"

// A hook that answers `reply` the first `times` times a request matches.
std::function<std::optional<FakeReply>(const FakeRequest&)> fail_times(int times, std::string method,
                                                                       std::string part_of_target,
                                                                       FakeReply reply);

}  // namespace cooper::testing
