#include "registry/host_gate.h"

#include <algorithm>

#include "base/cancellation.h"

namespace cooper::registry {

HostGate::HostGate(std::size_t limit)
    : limit_(std::max<std::size_t>(limit, 1)), state_(std::make_shared<State>()) {}

HostGate::Pass HostGate::enter(const std::string& name, const std::stop_token& stop) {
  std::unique_lock lock(state_->mutex);
  Host& host = state_->hosts[name];
  while (true) {
    base::throw_if_stopped(stop);
    const Clock::time_point opens_at = host.opens_at;
    if (opens_at > Clock::now()) {
      // Wakes early only for a longer pause.
      state_->changed.wait_until(lock, stop, opens_at, [&] { return host.opens_at != opens_at; });
    } else if (host.inside >= limit_) {
      state_->changed.wait(lock, stop, [&] { return host.inside < limit_; });
    } else {
      break;
    }
  }
  return count_in(state_, host);
}

std::optional<HostGate::Pass> HostGate::try_enter(const std::string& name) {
  std::scoped_lock lock(state_->mutex);
  Host& host = state_->hosts[name];
  if (host.inside >= limit_) return std::nullopt;
  return count_in(state_, host);
}

// Under the lock.
HostGate::Pass HostGate::count_in(const std::shared_ptr<State>& state, Host& host) {
  ++host.inside;
  return Pass(nullptr, [state, &host](void*) {
    std::scoped_lock leaving(state->mutex);
    --host.inside;
    state->changed.notify_all();
  });
}

void HostGate::pause(const std::string& name, std::chrono::milliseconds length) {
  std::scoped_lock lock(state_->mutex);
  Host& host = state_->hosts[name];
  host.opens_at = std::max(host.opens_at, Clock::now() + length);
  state_->changed.notify_all();
}

}  // namespace cooper::registry
