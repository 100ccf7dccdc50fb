#include "report/progress.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace cooper::report {
namespace {

std::unique_ptr<Renderer> make_renderer(ProgressMode mode, Output& output, SourceReader sources) {
  switch (mode) {
    case ProgressMode::kTty:
      return make_tty_renderer(output, std::move(sources));
    case ProgressMode::kJson:
      return make_json_renderer(output);
    case ProgressMode::kQuiet:
      return make_quiet_renderer(output, std::move(sources));
    case ProgressMode::kAuto:
      if (output.is_terminal()) return make_tty_renderer(output, std::move(sources));
      break;
    case ProgressMode::kPlain:
      break;
  }
  return make_plain_renderer(output, std::move(sources));
}

class ProgressSink final : public Progress {
 public:
  ProgressSink(std::unique_ptr<Renderer> renderer, ProgressOptions options)
      : renderer_(std::move(renderer)), masker_(std::move(options.masker)) {
    if (masker_ && masker_->empty()) masker_.reset();
    if (options.timer) timer_ = std::jthread([this](const std::stop_token& stop) { run_timer(stop); });
  }

  ~ProgressSink() override { finish(nullptr); }

  void emit(base::Event event) override {
    const std::scoped_lock lock(mutex_);
    if (finished_) return;
    if (masker_) mask(event);
    renderer_->event(event);
  }

  void finish(const base::Error* failure) override {
    {
      const std::scoped_lock lock(mutex_);
      if (std::exchange(finished_, true)) return;
      if (failure != nullptr && masker_) {
        const base::Error masked = mask(*failure);
        renderer_->finish(&masked, base::Clock::now());
      } else {
        renderer_->finish(failure, base::Clock::now());
      }
    }
    timer_.request_stop();
    if (timer_.joinable()) timer_.join();
  }

 private:
  using StreamKey = std::pair<int, int>;  // vertex and stream

  void run_timer(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, renderer_->interval(), [] { return false; });
      if (!stop.stop_requested() && !finished_) renderer_->tick(base::Clock::now());
    }
  }

  void mask(base::Event& event) {
    using Kind = base::Event::Kind;
    if (event.kind == Kind::kLog) {
      auto stream = streams_.try_emplace(StreamKey(event.vertex, event.stream), *masker_).first;
      event.text = stream->second.write(event.text);
      return;
    }
    if (event.kind == Kind::kDone || event.kind == Kind::kFailed || event.kind == Kind::kCancelled) {
      flush(event.vertex, event.time);
    }
    event.name = masker_->mask(event.name);
    event.text = masker_->mask(event.text);
    event.range.excerpt = masker_->mask(event.range.excerpt);
  }

  // Gives out what the streams of a step that ends have held back.
  void flush(int vertex, TimePoint now) {
    for (auto stream = streams_.lower_bound({vertex, 0});
         stream != streams_.end() && stream->first.first == vertex;) {
      base::Event rest;
      rest.kind = base::Event::Kind::kLog;
      rest.vertex = vertex;
      rest.stream = stream->first.second;
      rest.time = now;
      rest.text = stream->second.flush();
      if (!rest.text.empty()) renderer_->event(rest);
      stream = streams_.erase(stream);
    }
  }

  base::Error mask(const base::Error& error) const {
    base::Error masked(error.kind(), masker_->mask(error.summary()));
    masked.hint(masker_->mask(error.hint())).exit_status(error.exit_status());
    if (error.range()) masked.at(*error.range());
    return masked;
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::unique_ptr<Renderer> renderer_;
  std::shared_ptr<const Masker> masker_;
  std::map<StreamKey, Masker::Stream> streams_;
  bool finished_ = false;
  std::jthread timer_;  // last: it uses all of the above
};

}  // namespace

std::optional<ProgressMode> parse_progress_mode(std::string_view text) {
  if (text == "auto") return ProgressMode::kAuto;
  if (text == "plain") return ProgressMode::kPlain;
  if (text == "tty") return ProgressMode::kTty;
  if (text == "json" || text == "rawjson") return ProgressMode::kJson;
  if (text == "quiet") return ProgressMode::kQuiet;
  return std::nullopt;
}

std::unique_ptr<Progress> make_progress(ProgressMode mode, Output& output, ProgressOptions options) {
  auto renderer = make_renderer(mode, output, options.sources);
  return std::make_unique<ProgressSink>(std::move(renderer), std::move(options));
}

}  // namespace cooper::report
