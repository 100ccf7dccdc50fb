// How a command shows what it does: a renderer on standard error, with every secret masked that the request
// knows.
#pragma once

#include <memory>
#include <string>

#include "build/request.h"
#include "cli/build_flags.h"
#include "cli/environment.h"
#include "cli/terminal.h"
#include "report/mask.h"
#include "report/progress.h"

namespace cooper::cli {

class Display {
 public:
  // Throws Error{kUsage} for an unknown --progress. Starts a thread: the session goes first.
  Display(const BuildFlags& flags, const build::BuildRequest& request, const Environment& environment);

  report::Progress& progress() { return *progress_; }
  std::string mask(const std::string& text) const { return masker_->mask(text); }

 private:
  Terminal terminal_;
  std::shared_ptr<const report::Masker> masker_;
  std::unique_ptr<report::Progress> progress_;
};

}  // namespace cooper::cli
