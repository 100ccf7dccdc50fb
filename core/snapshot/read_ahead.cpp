#include "snapshot/read_ahead.h"

#include <exception>
#include <utility>

namespace cooper::snapshot {

ReadAhead::ReadAhead(std::function<void(base::ByteSink&)> produce)
    : thread_([this, produce = std::move(produce)] {
        try {
          produce(pipe_);
          pipe_.finish();
        } catch (...) {
          pipe_.fail(std::current_exception());
        }
      }) {}

void ReadAhead::stop() {
  pipe_.abandon();
  if (thread_.joinable()) thread_.join();
}

}  // namespace cooper::snapshot
