#include "cli/store_command.h"

#include <cstdio>

#include "base/error.h"
#include "cli/signals.h"
#include "os/beneath.h"

namespace cooper::cli {

void add_store_flag(Command command, std::string& store) {
  command.add_option("--store", store, "directory for images, layers and cache (default: ~/.cache/cooper)");
}

std::shared_ptr<store::Store> open_store(const std::string& store, const Environment& environment) {
  const std::string path = store.empty() ? environment.default_store() : store;
  os::make_directories(path, 0700);
  return store::Store::open(path);
}

int run_stoppable(const std::function<int(const std::stop_token& stop)>& work) {
  const Signals signals;
  try {
    return work(signals.token());
  } catch (const base::Error&) {
    if (signals.last() != 0) return 128 + signals.last();
    throw;
  }
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void warn(const std::string& line) {
  std::fprintf(stderr, "warning: %s\n", line.c_str());
}

}  // namespace cooper::cli
