#include "cli/kaniko_front.h"

#include <cstdio>
#include <exception>

namespace cooper::cli {

namespace {

constexpr int kAnyError = 1;

}  // namespace

int kaniko_exit_code(const base::Error& error) {
  return error.kind() == base::ErrorKind::kRunFailed ? error.exit_status() : kAnyError;
}

int run_as_kaniko(const std::function<int()>& work) {
  try {
    return work();
  } catch (const base::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.render().c_str());
    return kaniko_exit_code(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return kAnyError;
  }
}

void print_kaniko_warning(const std::string& line) {
  std::fprintf(stderr, "warning: %s\n", line.c_str());
}

}  // namespace cooper::cli
