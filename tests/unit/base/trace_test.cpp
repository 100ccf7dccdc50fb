#include "base/trace.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <thread>

namespace cooper::base {
namespace {

nlohmann::json rendered() {
  return nlohmann::json::parse(render_trace([](const std::string& text) { return text; }));
}

// The events with this name.
std::vector<nlohmann::json> find(const nlohmann::json& trace, const std::string& name) {
  std::vector<nlohmann::json> found;
  for (const nlohmann::json& event : trace["traceEvents"]) {
    if (event["name"] == name) found.push_back(event);
  }
  return found;
}

TEST(Trace, KeepsWhatASpanIsAboutAndHowItNests) {
  start_trace();
  {
    const Span outer("pass", "outer", "the image");
    const Span inner("pass", "inner");
  }
  const nlohmann::json trace = rendered();
  const nlohmann::json outer = find(trace, "outer").at(0);
  const nlohmann::json inner = find(trace, "inner").at(0);
  EXPECT_EQ(outer["ph"], "X");
  EXPECT_EQ(outer["cat"], "pass");
  EXPECT_EQ(outer["args"]["of"], "the image");
  EXPECT_FALSE(inner.contains("args"));
  EXPECT_EQ(outer["tid"], inner["tid"]);
  EXPECT_LE(outer["ts"].get<double>(), inner["ts"].get<double>());
  EXPECT_GE(outer["ts"].get<double>() + outer["dur"].get<double>(),
            inner["ts"].get<double>() + inner["dur"].get<double>());
}

TEST(Trace, TellsThreadsApart) {
  start_trace();
  { const Span here("cpu", "here"); }
  std::jthread([] { const Span there("cpu", "there"); }).join();
  const nlohmann::json trace = rendered();
  EXPECT_NE(find(trace, "here").at(0)["tid"], find(trace, "there").at(0)["tid"]);
}

TEST(Trace, StartsAnew) {
  start_trace();
  { const Span before("cpu", "before"); }
  start_trace();
  EXPECT_TRUE(rendered()["traceEvents"].empty());
}

TEST(Trace, MasksDetails) {
  start_trace();
  { const Span span("step", "run", "RUN login hunter2"); }
  const std::string text = render_trace([](const std::string&) { return std::string("***"); });
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_NE(text.find("***"), std::string::npos);
}

TEST(Trace, IsValidWhateverTheBytesOfADetail) {
  start_trace();
  { const Span span("step", "run", "\xff\"\n"); }
  EXPECT_EQ(find(rendered(), "run").size(), 1U);
}

TEST(Trace, GivesWhatTheWorkGives) {
  start_trace();
  EXPECT_EQ(in_span("pass", "work", [] { return 7; }), 7);
  EXPECT_EQ(find(rendered(), "work").size(), 1U);
}

}  // namespace
}  // namespace cooper::base
