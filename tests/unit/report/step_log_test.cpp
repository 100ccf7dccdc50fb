#include "report/step_log.h"

#include <gmock/gmock.h>

namespace cooper::report {
namespace {

class Count final : public base::EventSink {
 public:
  void emit(base::Event) override { ++events; }
  int events = 0;
};

class ReportStepLog : public ::testing::Test {
 protected:
  void emit(base::Event::Kind kind, int vertex, int second, const std::string& text = "") {
    base::Event event;
    event.kind = kind;
    event.vertex = vertex;
    if (vertex >= 0) event.name = "step " + std::to_string(vertex);
    event.text = text;
    event.time = base::Clock::time_point(std::chrono::seconds(100 + second));
    log_.emit(event);
  }

  using Kind = base::Event::Kind;
  Count next_;
  StepLog log_{next_};
};

TEST_F(ReportStepLog, MeasuresWhatRan) {
  emit(Kind::kStarted, 0, 0);
  emit(Kind::kStarted, 2, 0);
  emit(Kind::kDone, 0, 5);
  emit(Kind::kCached, 1, 6, "local store");
  emit(Kind::kDone, 2, 70);
  const std::vector<StepTime> slowest = log_.slowest(5);
  ASSERT_EQ(slowest.size(), 2U);
  EXPECT_EQ(slowest[0].name, "step 2");
  EXPECT_EQ(slowest[0].seconds, 70);
  EXPECT_EQ(log_.slowest(1).size(), 1U);
  EXPECT_EQ(next_.events, 5) << "everything is passed on";
}

TEST_F(ReportStepLog, KeepsTheEndOfWhatAStepPrinted) {
  emit(Kind::kLog, 0, 0, "first ");
  emit(Kind::kLog, 1, 0, "other");
  emit(Kind::kLog, 0, 0, "second");
  EXPECT_EQ(log_.steps().at(0).output, "first second");
  EXPECT_EQ(log_.steps().at(1).output, "other");
  std::string all = "first second";
  for (int i = 0; i < 5000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    emit(Kind::kLog, 0, 0, line);
    all += line;
  }
  EXPECT_EQ(log_.steps().at(0).output, all.substr(all.size() - kKeptOutput));
  emit(Kind::kLog, 0, 0, std::string(5 * kKeptOutput, 'x') + "end");
  EXPECT_EQ(log_.steps().at(0).output, std::string(kKeptOutput - 3, 'x') + "end");
}

TEST_F(ReportStepLog, KeepsHowEachStepEnded) {
  emit(Kind::kPlanned, 3, 0);
  emit(Kind::kCached, 0, 0, "registry r.example/cache");
  emit(Kind::kStarted, 1, 0);
  emit(Kind::kExplain, 1, 0, "src/main.c changed");
  emit(Kind::kDone, 1, 1);
  emit(Kind::kStarted, 2, 1);
  emit(Kind::kFailed, 2, 2, "exit code: 1");
  emit(Kind::kWarning, -1, 2, "look here");
  const std::vector<LoggedStep> steps = log_.steps();
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].end, LoggedStep::End::kCached);
  EXPECT_EQ(steps[0].cache, "registry r.example/cache");
  EXPECT_EQ(steps[1].end, LoggedStep::End::kRan);
  EXPECT_EQ(steps[1].explanation, "src/main.c changed");
  EXPECT_EQ(steps[2].error, "exit code: 1");
  EXPECT_EQ(steps[3].end, LoggedStep::End::kNone);
  EXPECT_EQ(log_.warnings(), std::vector<std::string>{"look here"});
}

TEST_F(ReportStepLog, WhatRanAndWasThenFoundRan) {
  emit(Kind::kStarted, 0, 0);
  emit(Kind::kDone, 0, 1);
  emit(Kind::kCached, 0, 2, "local store");
  EXPECT_EQ(log_.steps()[0].end, LoggedStep::End::kRan);
}

}  // namespace
}  // namespace cooper::report
