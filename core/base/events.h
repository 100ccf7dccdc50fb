// What a build says while it runs: the one stream that every progress renderer, log and report reads.
//
// Events are plain values. Emitters may be on any thread; a sink must be thread-safe and quick.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/digest.h"
#include "base/error.h"

namespace cooper::base {

using Clock = std::chrono::steady_clock;

struct Event {
  enum class Kind {
    kPlanned,    // a vertex exists: `name`, `range`
    kStarted,    // its work began
    kCached,     // answered from the cache; `text` says from where
    kExplain,    // `text` says why the step was not answered from the cache
    kLog,        // `text` is raw output of the step, any bytes, not line-aligned; `stream` 1 or 2
    kProgress,   // `name` is what moves (a layer, an upload), `current` of `total` bytes (total 0: unknown)
    kDone,       // the vertex ended well
    kFailed,     // `text` is the error's summary
    kCancelled,  // stopped because something else failed or the user asked
    kNote,       // one line for people about the build as a whole
    kWarning,    // the same, for something they should look at; `range` where it applies
  };

  Kind kind = Kind::kNote;
  int vertex = -1;  // index into the definition; -1 for the build as a whole
  std::string name;
  std::string text;
  int stream = 0;
  std::uint64_t current = 0;
  std::uint64_t total = 0;
  std::string url;  // kWarning: where more can be read
  SourceRange range;
  Clock::time_point time = Clock::now();
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(Event event) = 0;
};

}  // namespace cooper::base
