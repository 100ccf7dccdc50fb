#include "report/progress.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/text_cells.h"
#include "report/tty_frame.h"
#include "support/scripted_output.h"

namespace cooper::report {
namespace {

using base::Event;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::ScriptedOutput;
using testing::HasSubstr;
using testing::Not;
using Kind = Event::Kind;

const TimePoint kBegin = TimePoint(seconds(1000));

Event make(Kind kind, int vertex, const std::string& text = {}, milliseconds at = milliseconds(0)) {
  static const std::vector<std::string> kNames = {"[builder 1/2] FROM debian:12", "[builder 2/2] RUN make",
                                                  "[stage-1 1/1] COPY --from=builder /app /app"};
  Event event;
  event.kind = kind;
  event.vertex = vertex;
  if (vertex >= 0) event.name = kNames.at(static_cast<std::size_t>(vertex));
  if (kind == Kind::kProgress) event.name = text;
  if (kind != Kind::kProgress) event.text = text;
  event.stream = 1;
  event.time = kBegin + at;
  if (vertex == 1) event.range = {"Dockerfile", 2, 1, 2, ""};
  return event;
}

std::optional<std::string> read_dockerfile(const std::string&) {
  return "FROM debian:12 AS builder\nRUN make\nFROM scratch\nCOPY --from=builder /app /app\n";
}

TEST(ReportPlain, ShowsStepsAsBuildKitDoes) {
  ScriptedOutput output;
  auto plain = make_plain_renderer(output, nullptr);
  for (int v = 0; v < 3; ++v) plain->event(make(Kind::kPlanned, v));
  plain->event(make(Kind::kCached, 0));
  plain->event(make(Kind::kStarted, 1, {}, milliseconds(500)));
  plain->event(make(Kind::kLog, 1, "cc a.c\ncc b", milliseconds(623)));
  plain->event(make(Kind::kLog, 1, ".c\nlast", milliseconds(13000)));
  plain->event(make(Kind::kDone, 1, {}, milliseconds(13100)));
  plain->finish(nullptr, kBegin);
  EXPECT_EQ(output.text(),
            "#1 [builder 1/2] FROM debian:12\n#1 CACHED\n\n#2 [builder 2/2] RUN make\n#2 0.123 cc a.c\n"
            "#2 12.50 cc b.c\n#2 12.60 last\n#2 DONE 12.6s\n");
}

TEST(ReportPlain, ShowsWhyAStepFailed) {
  ScriptedOutput output;
  auto plain = make_plain_renderer(output, read_dockerfile);
  plain->event(make(Kind::kStarted, 1));
  plain->event(make(Kind::kLog, 1, "boom\n", milliseconds(100)));
  plain->event(make(Kind::kFailed, 1, "RUN make: exit code 2", milliseconds(200)));
  plain->event(make(Kind::kCancelled, 2));
  base::Error error(base::ErrorKind::kRunFailed, "RUN make: exit code 2");
  error.hint("look above");
  plain->finish(&error, kBegin);
  EXPECT_EQ(output.text(),
            "#1 [builder 2/2] RUN make\n#1 0.100 boom\n#1 ERROR: RUN make: exit code 2\n\n"
            "------\n > [builder 2/2] RUN make:\n0.100 boom\n------\n"
            "Dockerfile:2\n--------------------\n   1 |     FROM debian:12 AS builder\n   2 | >>> RUN make\n"
            "   3 |     FROM scratch\n   4 |     COPY --from=builder /app /app\n--------------------\n"
            "error: RUN make: exit code 2\nhint: look above\n");
}

TEST(ReportPlain, SaysThatASilentStepStillRuns) {
  ScriptedOutput output;
  auto plain = make_plain_renderer(output, nullptr);
  plain->event(make(Kind::kStarted, 1));
  plain->event(make(Kind::kPlanned, 2));
  plain->tick(kBegin + seconds(29));
  EXPECT_THAT(output.text(), Not(HasSubstr("still")));
  plain->tick(kBegin + seconds(30));
  EXPECT_THAT(output.text(), HasSubstr("#1 [builder 2/2] still running (30.0s)\n"));
  output.clear();
  plain->tick(kBegin + seconds(31));
  EXPECT_EQ(output.text(), "");
  plain->event(make(Kind::kLog, 1, "x\n", seconds(55)));
  output.clear();
  plain->tick(kBegin + seconds(60));
  EXPECT_EQ(output.text(), "");
  plain->tick(kBegin + seconds(85));
  EXPECT_THAT(output.text(), HasSubstr("(85.0s)"));
}

TEST(ReportPlain, LosesNoOutput) {
  ScriptedOutput output;
  auto plain = make_plain_renderer(output, nullptr);
  plain->event(make(Kind::kStarted, 1));
  output.clear();
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    plain->event(make(Kind::kLog, 1, "line " + std::to_string(i) + "\n"));
    expected += "#1 0.000 line " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(output.text(), expected);
}

TEST(ReportPlain, ShowsLongTransfersNowAndThen) {
  ScriptedOutput output;
  auto plain = make_plain_renderer(output, nullptr);
  plain->event(make(Kind::kStarted, 0));
  for (int i = 0; i <= 120; ++i) {
    Event event = make(Kind::kProgress, 0, "sha256:4f4f", milliseconds(100 * i));
    event.current = static_cast<std::uint64_t>(i) * 1000000;
    event.total = 120000000;
    plain->event(event);
  }
  EXPECT_EQ(output.text(),
            "#1 [builder 1/2] FROM debian:12\n#1 sha256:4f4f 50 MB / 120 MB 5.0s\n"
            "#1 sha256:4f4f 100 MB / 120 MB 10.0s\n#1 sha256:4f4f 120 MB 12.0s done\n");
}

TEST(ReportQuiet, SpeaksOnlyOfFailure) {
  ScriptedOutput output;
  auto quiet = make_quiet_renderer(output, nullptr);
  quiet->event(make(Kind::kStarted, 1));
  quiet->event(make(Kind::kLog, 1, "boom\n"));
  EXPECT_EQ(output.text(), "");
  quiet->event(make(Kind::kFailed, 1, "no"));
  const base::Error error(base::ErrorKind::kRunFailed, "no");
  quiet->finish(&error, kBegin);
  EXPECT_THAT(output.text(), HasSubstr("boom"));
  EXPECT_THAT(output.text(), HasSubstr("error: no\n"));
}

std::vector<nlohmann::json> parse_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(nlohmann::json::parse(text.substr(at, text.find('\n', at) - at)));
  }
  return lines;
}

TEST(ReportJson, OneEventALine) {
  ScriptedOutput output;
  auto json = make_json_renderer(output);
  json->event(make(Kind::kStarted, 1));
  Event progress = make(Kind::kProgress, 1, "layer", milliseconds(1500));
  progress.current = 7;
  json->event(progress);
  base::Error error(base::ErrorKind::kDockerfile, "bad");
  json->finish(&error, kBegin + seconds(2));
  const auto lines = parse_lines(output.text());
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], (nlohmann::json{{"event", "begin"}, {"time", 0.0}, {"schema", 1}}));
  EXPECT_EQ(lines[1]["source"], (nlohmann::json{{"file", "Dockerfile"}, {"line", 2}, {"column", 1}}));
  EXPECT_EQ(lines[2]["time"], 1.5);
  EXPECT_EQ(lines[2]["current"], 7);
  EXPECT_FALSE(lines[2].contains("total"));
  EXPECT_EQ(lines[3]["ok"], false);
  EXPECT_EQ(lines[3]["exit_status"], 3);
}

TEST(ReportJson, KeepsBytesWhole) {
  ScriptedOutput output;
  auto json = make_json_renderer(output);
  json->event(make(Kind::kLog, 1, "a\xE6\x97"));
  json->event(make(Kind::kLog, 1,
                   "\xA5"
                   "b"));
  json->event(make(Kind::kLog, 1, "\xff\xfe!"));
  json->event(make(Kind::kLog, 1, "\xE6"));
  json->event(make(Kind::kDone, 1));
  const auto lines = parse_lines(output.text());
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[1]["text"], "a");
  EXPECT_EQ(lines[2]["text"],
            "\xE6\x97\xA5"
            "b");
  EXPECT_EQ(lines[3]["base64"], "//4h");
  EXPECT_EQ(lines[4]["base64"], "5g==");
  EXPECT_EQ(lines[5]["event"], "done");
}

std::vector<std::string> painted(const std::vector<FrameLine>& lines, std::size_t columns) {
  std::vector<std::string> text;
  for (const FrameLine& line : lines) text.push_back(paint(line, columns, false));
  return text;
}

TEST(ReportTty, GroupsStepsByStage) {
  Steps steps;
  for (int v = 0; v < 3; ++v) steps.apply(make(Kind::kPlanned, v));
  steps.apply(make(Kind::kCached, 0));
  steps.apply(make(Kind::kStarted, 1));
  steps.apply(make(Kind::kLog, 1, "hello\n"));
  const auto lines = live_frame(steps, kBegin + milliseconds(1200), "Building", {40, 24});
  EXPECT_THAT(
      painted(lines, 40),
      testing::ElementsAre("[+] Building 1.2s (1/3)", " builder", "  => [1/2] FROM debian:12         CACHED",
                           "  => [2/2] RUN make                 1.2s", "     | hello"));
}

TEST(ReportTty, FitsTheScreen) {
  Steps steps;
  for (int v = 0; v < 200; ++v) {
    Event event = make(Kind::kStarted, 0);
    event.vertex = v;
    event.name = "[s" + std::to_string(v / 10) + " 1/2] RUN " + std::string(300, 'x');
    steps.apply(event);
    event.kind = Kind::kLog;
    event.text = "log\n";
    steps.apply(event);
    event.kind = Kind::kDone;
    if (v < 150) steps.apply(event);
  }
  for (int rows = 1; rows < 80; ++rows) {
    const auto lines = live_frame(steps, kBegin, "Building", {30, rows});
    EXPECT_LT(static_cast<int>(lines.size()), std::max(rows, 4)) << rows;
    for (const std::string& line : painted(lines, 30)) EXPECT_LE(cell_width(line), 30U);
  }
}

TEST(ReportTty, RedrawsInPlaceWithOneWrite) {
  ScriptedOutput output;
  output.terminal = true;
  auto tty = make_tty_renderer(output, nullptr);
  tty->event(make(Kind::kStarted, 1));
  EXPECT_EQ(output.writes(), 0) << "events alone draw nothing";
  tty->tick(kBegin);
  output.clear();
  tty->tick(kBegin + seconds(1));
  EXPECT_EQ(output.writes(), 2);
  EXPECT_TRUE(output.text().starts_with("\x1b[3A\r")) << output.text();
  EXPECT_THAT(output.text(), Not(HasSubstr("\x1b[2J")));
  tty->event(make(Kind::kDone, 1, {}, seconds(2)));
  tty->finish(nullptr, kBegin + seconds(2));
  EXPECT_TRUE(output.text().ends_with("\x1b[?25h")) << "the cursor is shown again";
}

TEST(ReportTty, NotesStayBelowTheLastFrame) {
  ScriptedOutput output;
  auto tty = make_tty_renderer(output, nullptr);
  tty->event(make(Kind::kStarted, 1));
  tty->event(make(Kind::kNote, -1, "built in 1s"));
  tty->finish(nullptr, kBegin);
  EXPECT_LT(output.text().find("RUN make"), output.text().find("built in 1s\n"));
}

TEST(ReportProgress, MasksSecretsAcrossEvents) {
  ScriptedOutput output;
  ProgressOptions options;
  options.masker = std::make_shared<Masker>(std::vector<std::string>{"hunter2"});
  auto progress = make_progress(ProgressMode::kPlain, output, options);
  progress->emit(make(Kind::kStarted, 1));
  progress->emit(make(Kind::kLog, 1, "password hun"));
  progress->emit(make(Kind::kLog, 1, "ter2\nhunt"));
  progress->emit(make(Kind::kFailed, 1, "hunter2 is wrong"));
  const base::Error error(base::ErrorKind::kRunFailed, "cannot use hunter2");
  progress->finish(&error);
  EXPECT_THAT(output.text(), HasSubstr("password ***\n"));
  EXPECT_THAT(output.text(), HasSubstr(" hunt\n"));
  EXPECT_THAT(output.text(), Not(HasSubstr("hunter2")));
}

TEST(ReportProgress, ChoosesByTerminal) {
  ScriptedOutput output;
  make_progress(ProgressMode::kAuto, output, {})->emit(make(Kind::kStarted, 1));
  EXPECT_THAT(output.text(), testing::StartsWith("#1 "));
  ScriptedOutput terminal;
  terminal.terminal = true;
  make_progress(ProgressMode::kAuto, terminal, {})->emit(make(Kind::kStarted, 1));
  EXPECT_THAT(terminal.text(), HasSubstr("[+] Finished"));
  EXPECT_EQ(parse_progress_mode("rawjson"), ProgressMode::kJson);
  EXPECT_FALSE(parse_progress_mode("fancy"));
}

TEST(ReportProgress, IsSilentAfterTheEnd) {
  ScriptedOutput output;
  auto progress = make_progress(ProgressMode::kPlain, output, {});
  progress->finish(nullptr);
  progress->emit(make(Kind::kStarted, 1));
  EXPECT_EQ(output.text(), "");
}

}  // namespace
}  // namespace cooper::report
