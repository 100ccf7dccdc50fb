#include "snapshot/read_ahead.h"

#include <utility>

#include "base/error.h"

namespace cooper::snapshot {

ReadAhead::ReadAhead(std::function<void(base::ByteSink&)> produce)
    : thread_([this, produce = std::move(produce)] {
        try {
          produce(pipe_);
          pipe_.finish();
        } catch (const base::Error& error) {
          if (error.kind() != base::ErrorKind::kCancelled) failure_ = std::current_exception();
          pipe_.fail(std::current_exception());
        } catch (...) {
          failure_ = std::current_exception();
          pipe_.fail(failure_);
        }
      }) {}

void ReadAhead::stop() {
  pipe_.abandon();
  if (thread_.joinable()) thread_.join();
}

void ReadAhead::stop_and_rethrow() {
  stop();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace cooper::snapshot
