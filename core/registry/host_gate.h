// How many requests each host gets at a time, and when: a host that asks for a pause gets one from everybody.
//
// HTTP/2 puts any number of requests on one connection, so connections are no limit. Private to registry.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace cooper::registry {

class HostGate {
 public:
  // Whoever has one is inside; it leaves when the pass is destroyed. May outlive the gate.
  using Pass = std::shared_ptr<void>;

  explicit HostGate(std::size_t limit);

  // Waits until `host` is not paused and fewer than `limit` are inside. Throws Error{kCancelled}.
  Pass enter(const std::string& host, const std::stop_token& stop);
  // The same without waiting, also not for the end of a pause; nullopt when too many are inside.
  std::optional<Pass> try_enter(const std::string& host);
  // Nobody enters `host` for so long from now on; a longer pause that is already asked for stays.
  void pause(const std::string& host, std::chrono::milliseconds length);

 private:
  using Clock = std::chrono::steady_clock;
  struct Host {
    std::size_t inside = 0;
    Clock::time_point opens_at{};
  };
  struct State {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::map<std::string, Host> hosts;
  };

  static Pass count_in(const std::shared_ptr<State>& state, Host& host);

  const std::size_t limit_;
  const std::shared_ptr<State> state_;
};

}  // namespace cooper::registry
