#include "report/kept_log.h"

#include <cerrno>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::report {

KeptLog::KeptLog(Output& next, std::string path, std::uint64_t budget)
    : next_(next), path_(std::move(path)), budget_(budget) {
  if (path_.empty()) return;
  file_.open(path_, std::ios::binary | std::ios::trunc);
  if (!file_) base::throw_errno("write", path_);
}

void KeptLog::write(std::string_view text) {
  std::scoped_lock lock(mutex_);
  if (file_.is_open()) file_.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
  if (cut_ && !rest_) return;
  if (budget_ > 0 && !rest_ && shown_ + text.size() > budget_) {
    cut_ = true;
    next_.write(fmt::format("\nthe log is longer than the {} that this CI keeps{}\n",
                            base::human_size(budget_), path_.empty() ? "" : "; all of it is in " + path_));
    return;
  }
  shown_ += text.size();
  next_.write(text);
}

void KeptLog::show_rest() {
  std::scoped_lock lock(mutex_);
  rest_ = true;
}

}  // namespace cooper::report
