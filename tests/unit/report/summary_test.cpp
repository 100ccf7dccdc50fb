#include "report/summary.h"

#include <gtest/gtest.h>

namespace cooper::report {
namespace {

TEST(ReportSummary, IsOneLine) {
  Summary summary;
  summary.seconds = 12.34;
  summary.steps_run = 8;
  summary.steps_cached = 4;
  EXPECT_EQ(summary_line(summary), "built in 12.3s: 8 steps ran, 4 cached");
  summary.seconds = 125;
  summary.steps_run = 1;
  summary.image = base::sha256(std::string_view("x"));
  summary.image_size = 34'000'000;
  EXPECT_EQ(summary_line(summary), "built in 2m05s: 1 step ran, 4 cached, image " +
                                       base::sha256(std::string_view("x")).str() + " 34 MB");
}

class Ignore final : public base::EventSink {
 public:
  void emit(base::Event) override { ++events; }
  int events = 0;
};

TEST(ReportSummary, NamesTheSlowestSteps) {
  Ignore next;
  StepClock clock(next);
  auto emit = [&clock](base::Event::Kind kind, int vertex, int at) {
    base::Event event;
    event.kind = kind;
    event.vertex = vertex;
    event.name = "step " + std::to_string(vertex);
    event.time = base::Clock::time_point(std::chrono::seconds(100 + at));
    clock.emit(event);
  };
  emit(base::Event::Kind::kStarted, 0, 0);
  emit(base::Event::Kind::kStarted, 2, 0);
  emit(base::Event::Kind::kDone, 0, 5);
  emit(base::Event::Kind::kCached, 1, 6);
  emit(base::Event::Kind::kDone, 2, 70);
  const std::vector<StepTime> slowest = clock.slowest(5);
  ASSERT_EQ(slowest.size(), 2U);
  EXPECT_EQ(slowest_line(slowest), "slowest: step 2 1m10s, step 0 5.0s");
  EXPECT_EQ(slowest_line({{"quick", 0.4}}), "");
  EXPECT_EQ(next.events, 5);
}

}  // namespace
}  // namespace cooper::report
