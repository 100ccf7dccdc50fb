// One event a line, for programs; the fields are documented in docs/progress-json.md and only ever added to.
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/renderer.h"
#include "report/utf8_tail.h"

namespace cooper::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

const char* name_of(base::Event::Kind kind) {
  using Kind = base::Event::Kind;
  switch (kind) {
    case Kind::kPlanned:
      return "planned";
    case Kind::kStarted:
      return "started";
    case Kind::kCached:
      return "cached";
    case Kind::kExplain:
      return "explain";
    case Kind::kLog:
      return "log";
    case Kind::kProgress:
      return "progress";
    case Kind::kDone:
      return "done";
    case Kind::kFailed:
      return "failed";
    case Kind::kCancelled:
      return "cancelled";
    case Kind::kNote:
      return "note";
    case Kind::kWarning:
      return "warning";
  }
  return "unknown";
}

Json source_of(const base::SourceRange& range) {
  Json source = {{"file", range.file}, {"line", range.start_line}};
  if (range.end_line > range.start_line) source["end_line"] = range.end_line;
  if (range.start_column > 0) source["column"] = range.start_column;
  return source;
}

class JsonRenderer final : public Renderer {
 public:
  explicit JsonRenderer(Output& output) : output_(output) {}

  void event(const base::Event& event) override {
    open(event.time);
    if (event.kind == base::Event::Kind::kLog) return log(event);
    if (ends(event.kind)) flush(event.vertex, event.time);
    Json line = header(name_of(event.kind), event.time);
    if (event.vertex >= 0) line["vertex"] = event.vertex;
    if (!event.name.empty()) line["name"] = event.name;
    if (!event.text.empty()) line["text"] = event.text;
    if (event.kind == base::Event::Kind::kProgress) {
      line["current"] = event.current;
      if (event.total > 0) line["total"] = event.total;
    }
    if (!event.range.file.empty()) line["source"] = source_of(event.range);
    if (!event.url.empty()) line["url"] = event.url;
    write(line);
  }

  void finish(const base::Error* failure, TimePoint now) override {
    open(now);
    Json line = header("finished", now);
    line["ok"] = failure == nullptr;
    if (failure != nullptr) {
      line["error"] = failure->summary();
      if (!failure->hint().empty()) line["hint"] = failure->hint();
      if (failure->range()) line["source"] = source_of(*failure->range());
      line["exit_status"] = failure->exit_status();
    }
    write(line);
  }

 private:
  static bool ends(base::Event::Kind kind) {
    using Kind = base::Event::Kind;
    return kind == Kind::kDone || kind == Kind::kFailed || kind == Kind::kCancelled || kind == Kind::kCached;
  }

  void open(TimePoint now) {
    if (std::exchange(open_, true)) return;
    began_ = now;
    Json line = header("begin", now);
    line["schema"] = kSchema;
    write(line);
  }

  Json header(const char* name, TimePoint now) const {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
    return {{"event", name}, {"time", static_cast<double>(elapsed.count()) / 1000}};
  }

  // Chunks may cut a character; it goes out whole with the next one.
  void log(const base::Event& event) {
    std::string& held = held_[{event.vertex, event.stream}];
    held += event.text;
    const std::size_t whole = held.size() - cut_character(held);
    write_log(event.vertex, event.stream, held.substr(0, whole), event.time);
    held.erase(0, whole);
  }

  void flush(int vertex, TimePoint now) {
    for (int stream = 0; stream <= 2; ++stream) {
      auto held = held_.find({vertex, stream});
      if (held == held_.end()) continue;
      write_log(vertex, stream, held->second, now);
      held_.erase(held);
    }
  }

  void write_log(int vertex, int stream, const std::string& text, TimePoint now) {
    if (text.empty()) return;
    Json line = header("log", now);
    line["vertex"] = vertex;
    line["stream"] = stream;
    if (is_utf8(text)) {
      line["text"] = text;
    } else {
      line["base64"] = to_base64(text);
    }
    write(line);
  }

  void write(const Json& line) {
    output_.write(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }

  Output& output_;
  bool open_ = false;
  TimePoint began_;
  std::map<std::pair<int, int>, std::string> held_;  // by vertex and stream: the bytes of a cut character
};

}  // namespace

std::unique_ptr<Renderer> make_json_renderer(Output& output) {
  return std::make_unique<JsonRenderer>(output);
}

}  // namespace cooper::report
