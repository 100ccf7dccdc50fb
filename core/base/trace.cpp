#include "base/trace.h"

#include <nlohmann/json.hpp>
#include <unistd.h>
#include <vector>

#include "base/guarded.h"

namespace cooper::base {

namespace trace_state {
std::atomic<bool> is_on{false};
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostSpans = 500'000;  // some 60 MB

struct KeptSpan {
  const char* category;
  const char* what;
  std::string detail;
  Clock::time_point begin;
  Clock::time_point end;
  int thread;
};

struct Kept {
  Clock::time_point start;
  std::vector<KeptSpan> spans;
  std::size_t left_out = 0;
};

// Never destroyed: threads may end spans while the process ends.
Guarded<Kept>& kept() {
  static auto* all = new Guarded<Kept>;
  return *all;
}

// Small numbers in the order of first use, which read better than the kernel's.
int thread_number() {
  static std::atomic<int> next{0};
  thread_local const int kMine = next++;
  return kMine;
}

double microseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

nlohmann::json event_of(const KeptSpan& span, const Kept& all,
                        const std::function<std::string(const std::string&)>& mask) {
  nlohmann::json event = {{"name", span.what},
                          {"cat", span.category},
                          {"ph", "X"},
                          {"pid", getpid()},
                          {"tid", span.thread},
                          {"ts", microseconds(span.begin - all.start)},
                          {"dur", microseconds(span.end - span.begin)}};
  if (!span.detail.empty()) event["args"] = {{"of", mask(span.detail)}};
  return event;
}

}  // namespace

void Span::begin(const char* category, const char* what, std::string_view detail) {
  category_ = category;
  what_ = what;
  detail_ = detail;
  begin_ = Clock::now();
}

void Span::end() noexcept {
  const Clock::time_point now = Clock::now();
  const int thread = thread_number();
  kept().with([&](Kept& all) {
    if (all.spans.size() == kMostSpans) {
      ++all.left_out;
    } else {
      all.spans.push_back({category_, what_, std::move(detail_), begin_, now, thread});
    }
  });
}

void start_trace() {
  kept().with([](Kept& all) { all = Kept{Clock::now(), {}, 0}; });
  trace_state::is_on = true;
}

std::string render_trace(const std::function<std::string(const std::string&)>& mask) {
  return kept().with([&](const Kept& all) {
    nlohmann::json events = nlohmann::json::array();
    for (const KeptSpan& span : all.spans) events.push_back(event_of(span, all, mask));
    const nlohmann::json document = {{"displayTimeUnit", "ms"},
                                     {"otherData", {{"spans left out", all.left_out}}},
                                     {"traceEvents", std::move(events)}};
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  });
}

}  // namespace cooper::base
