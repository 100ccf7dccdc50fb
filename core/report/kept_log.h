// A log of two sizes: all of it in a file, and as much as the CI keeps on its page.
//
// GitLab stops a job's log at 4 MiB in silence, and what is lost then is the end, where the error is. So what
// is shown ends before that, with a line that says where the rest is, and goes on with the summary.
#pragma once

#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>

#include "report/output.h"

namespace cooper::report {

class KeptLog final : public Output {
 public:
  // `next` is borrowed. `path` is written anew; "" for no file. `budget`: bytes to show, 0 for all. Throws
  // Error{kIo} when the file cannot be written.
  KeptLog(Output& next, std::string path, std::uint64_t budget);

  void write(std::string_view text) override;  // from any thread
  bool is_terminal() const override { return next_.is_terminal(); }
  bool has_color() const override { return next_.has_color(); }
  TerminalSize size() const override { return next_.size(); }
  // From here on everything is shown again: the end of the build.
  void show_rest();

 private:
  Output& next_;
  const std::string path_;
  const std::uint64_t budget_;
  std::mutex mutex_;
  std::ofstream file_;
  std::uint64_t shown_ = 0;
  bool cut_ = false;   // the budget was used up
  bool rest_ = false;  // show_rest() was called
};

}  // namespace cooper::report
