// One way of showing progress. Called under a lock, with secrets masked already.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/events.h"
#include "report/output.h"
#include "report/steps.h"

namespace cooper::report {

// The text of a file that a source range names, for the excerpt around a failure; nullopt where it is not at
// hand.
using SourceReader = std::function<std::optional<std::string>(const std::string& file)>;

class Renderer {
 public:
  virtual ~Renderer() = default;
  virtual void event(const base::Event& event) = 0;
  // Called every interval(), and by tests with times of their own.
  virtual void tick(TimePoint /*now*/) {}
  // The last call. `failure` is null after a good build.
  virtual void finish(const base::Error* failure, TimePoint now) = 0;
  virtual std::chrono::milliseconds interval() const { return std::chrono::milliseconds(1000); }
};

std::unique_ptr<Renderer> make_plain_renderer(Output& output, SourceReader sources);
std::unique_ptr<Renderer> make_tty_renderer(Output& output, SourceReader sources);
std::unique_ptr<Renderer> make_json_renderer(Output& output);
std::unique_ptr<Renderer> make_quiet_renderer(Output& output, SourceReader sources);

}  // namespace cooper::report
