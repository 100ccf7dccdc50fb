#include "report/result_file.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cooper::report {
namespace {

class Nowhere final : public base::EventSink {
 public:
  void emit(base::Event) override {}
};

std::string unmasked(const std::string& text) {
  return text;
}

void emit(StepLog& log, base::Event::Kind kind, int vertex, const std::string& text = "") {
  base::Event event;
  event.kind = kind;
  event.vertex = vertex;
  if (vertex >= 0) event.name = "step " + std::to_string(vertex);
  event.text = text;
  event.range.start_line = 7;
  log.emit(event);
}

TEST(ReportResultFile, SaysWhatBecameOfEachStep) {
  Nowhere nowhere;
  StepLog log(nowhere);
  emit(log, base::Event::Kind::kCached, 0, "local store");
  emit(log, base::Event::Kind::kStarted, 1);
  emit(log, base::Event::Kind::kExplain, 1, "ARG VERSION changed");
  emit(log, base::Event::Kind::kDone, 1);
  emit(log, base::Event::Kind::kWarning, -1, "look here");
  Result result;
  result.summary.image = base::sha256("image");
  result.summary.steps_run = result.summary.steps_cached = 1;
  result.written = {"pushed r.example/app:1"};
  const auto json = nlohmann::json::parse(render_result(result, log, unmasked));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["image"]["digest"], base::sha256("image").str());
  ASSERT_EQ(json["steps"].size(), 2U);
  EXPECT_EQ(json["steps"][0]["status"], "cached");
  EXPECT_EQ(json["steps"][0]["cache"], "local store");
  EXPECT_EQ(json["steps"][1]["status"], "ran");
  EXPECT_EQ(json["steps"][1]["explanation"], "ARG VERSION changed");
  EXPECT_EQ(json["steps"][1]["line"], 7);
  EXPECT_EQ(json["written"][0], "pushed r.example/app:1");
  EXPECT_EQ(json["warnings"][0], "look here");
}

TEST(ReportResultFile, OfAFailureSaysWhyAndKeepsSecrets) {
  Nowhere nowhere;
  StepLog log(nowhere);
  emit(log, base::Event::Kind::kFailed, 0, "hunter2 was refused");
  const base::Error error = base::Error(base::ErrorKind::kRunFailed, "hunter2 was refused").exit_status(3);
  Result result;
  result.failure = &error;
  const std::string text = render_result(result, log, [](const std::string& line) {
    std::string masked = line;
    const std::size_t place = masked.find("hunter2");
    return place == std::string::npos ? masked : masked.replace(place, 7, "***");
  });
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["exitStatus"], 3);
  EXPECT_EQ(json["steps"][0]["status"], "failed");
  EXPECT_FALSE(json.contains("image"));
}

}  // namespace
}  // namespace cooper::report
