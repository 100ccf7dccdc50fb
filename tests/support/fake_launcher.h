// A launcher that runs nothing: it records what it was asked for, and does to the step's upper directory what
// the test says.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/events.h"
#include "sandbox/launcher.h"

namespace cooper::support {

class FakeLauncher final : public sandbox::Launcher {
 public:
  using Output = std::function<void(int stream, base::ByteSpan)>;

  sandbox::ExitStatus run(const sandbox::Spec& spec, const Output& output, const std::stop_token&) override {
    {
      std::scoped_lock lock(mutex_);
      specs_.push_back(spec);
    }
    return step ? step(spec, output) : sandbox::ExitStatus{};
  }
  std::vector<sandbox::Spec> specs() const {
    std::scoped_lock lock(mutex_);
    return specs_;
  }

  std::function<sandbox::ExitStatus(const sandbox::Spec&, const Output&)> step;

 private:
  mutable std::mutex mutex_;
  std::vector<sandbox::Spec> specs_;
};

// Keeps every event.
class RecordedEvents final : public base::EventSink {
 public:
  void emit(base::Event event) override {
    std::scoped_lock lock(mutex_);
    events_.push_back(std::move(event));
  }
  // The texts of one kind, in order.
  std::vector<std::string> texts(base::Event::Kind kind) const {
    std::scoped_lock lock(mutex_);
    std::vector<std::string> found;
    for (const base::Event& event : events_) {
      if (event.kind == kind) found.push_back(event.text);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<base::Event> events_;
};

}  // namespace cooper::support
