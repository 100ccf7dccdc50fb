// How a command shows what it does: a renderer on standard error, with every secret masked that the request
// knows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "build/request.h"
#include "cli/build_flags.h"
#include "cli/environment.h"
#include "cli/terminal.h"
#include "report/labelled_output.h"
#include "report/mask.h"
#include "report/progress.h"

namespace cooper::cli {

// Where several builds are shown side by side.
struct DisplayPlace {
  report::Output* output = nullptr;  // borrowed; null: standard error
  std::string label;                 // before each line, "" for the only build
};

class Display {
 public:
  // Throws Error{kUsage} for an unknown --progress. Starts a thread: the session goes first.
  Display(const BuildFlags& flags, const build::BuildRequest& request, const Environment& environment,
          const DisplayPlace& place = {});

  report::Progress& progress() { return *progress_; }
  // The Dockerfile as it was read, for excerpts: it may have come from standard input or out of an archive,
  // and the file of its name may be another one by now.
  void remember(const std::string& name, const std::string& text);
  std::string mask(const std::string& text) const { return masker_->mask(text); }

 private:
  std::optional<std::string> find_dockerfile(const std::string& name) const;

  Terminal terminal_;
  std::optional<report::LabelledOutput> labelled_;
  std::shared_ptr<const report::Masker> masker_;
  base::Guarded<std::pair<std::string, std::string>> dockerfile_;  // name and text
  std::unique_ptr<report::Progress> progress_;
};

}  // namespace cooper::cli
