// Where a build's time goes: spans of work on each thread, for --trace.
//
// A process has one trace, because what takes time lies deep under interfaces that have no business with it.
// A span costs one relaxed load while no trace is taken, and an uncontended lock when one ends; so a span
// stands around a request, a layer or a block of megabytes, never around a file.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace cooper::base {

namespace trace_state {
extern std::atomic<bool> is_on;
}

// From construction to destruction, on the thread that does both. Spans of a thread nest.
class Span {
 public:
  // `category` and `what` must outlive the process (literals): "registry", "upload blob". `detail` is what it
  // is about; it goes into a file, so it holds no credentials.
  Span(const char* category, const char* what, std::string_view detail = {}) {
    if (trace_state::is_on.load(std::memory_order_relaxed)) begin(category, what, detail);
  }
  ~Span() {
    if (category_ != nullptr) end();
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  void begin(const char* category, const char* what, std::string_view detail);
  void end() noexcept;

  const char* category_ = nullptr;  // null: no trace is taken
  const char* what_ = nullptr;
  std::string detail_;
  std::chrono::steady_clock::time_point begin_;
};

// Whether a detail that costs something to say is worth saying.
inline bool is_tracing() {
  return trace_state::is_on.load(std::memory_order_relaxed);
}

// What `work` gives, with a span around it.
template <typename Work>
decltype(auto) in_span(const char* category, const char* what, Work&& work) {
  const Span span(category, what);
  return std::forward<Work>(work)();
}

// Spans that begin from now on are kept, the first 500,000 of them.
void start_trace();

// What was kept so far as a JSON document in Chrome's trace event format ("Trace Event Format", complete
// events, times in microseconds since start_trace()), which chrome://tracing, Perfetto and Speedscope read.
// `mask` takes secrets out of details.
std::string render_trace(const std::function<std::string(const std::string&)>& mask);

}  // namespace cooper::base
