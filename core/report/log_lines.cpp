#include "report/log_lines.h"

#include <algorithm>
#include <utility>

namespace cooper::report {

void LineSplitter::end_line(std::vector<std::string>& lines) {
  lines.push_back(std::exchange(partial_, {}));
}

void LineSplitter::write(std::string_view chunk, std::vector<std::string>& lines) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find_first_of("\r\n");
    std::string_view text = chunk.substr(0, end);
    chunk.remove_prefix(text.size());
    if (!text.empty()) after_return_ = false;
    while (partial_.size() + text.size() > kLongestLine) {
      const std::size_t room = kLongestLine - partial_.size();
      partial_ += text.substr(0, room);
      text.remove_prefix(room);
      end_line(lines);
    }
    partial_ += text;
    if (chunk.empty()) return;
    const bool is_return = chunk[0] == '\r';
    chunk.remove_prefix(1);
    if (is_return) {
      if (!partial_.empty()) {
        end_line(lines);
        after_return_ = true;
      }
    } else if (!std::exchange(after_return_, false)) {
      end_line(lines);
    }
  }
}

void LineSplitter::flush(std::vector<std::string>& lines) {
  if (!partial_.empty()) end_line(lines);
  after_return_ = false;
}

void LogTail::add(double seconds, std::string_view line) {
  ++total_;
  lines_.push_back({seconds, std::string(line.substr(0, kLineBytes))});
  if (line.size() > kLineBytes) lines_.back().text += " [line shortened here]";
  if (lines_.size() > kLines) lines_.pop_front();
}

}  // namespace cooper::report
