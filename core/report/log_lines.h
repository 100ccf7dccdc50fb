// A step's raw output, cut into lines.
//
// A lone carriage return ends a line too, as progress bars use it; empty lines that come of it are left out.
// A line without end is given out in pieces, so that memory is bounded and nothing is lost.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::report {

inline constexpr std::size_t kLongestLine = 64 << 10;

class LineSplitter {
 public:
  // Appends the lines that `chunk` completes.
  void write(std::string_view chunk, std::vector<std::string>& lines);
  // Appends what is left without a line break.
  void flush(std::vector<std::string>& lines);

 private:
  void end_line(std::vector<std::string>& lines);

  std::string partial_;
  bool after_return_ = false;  // a line break now belongs to the carriage return before
};

// The last lines of a step, for the live display and for what is shown again when it fails.
class LogTail {
 public:
  static constexpr std::size_t kLines = 20;
  static constexpr std::size_t kLineBytes = 2048;

  struct Line {
    double seconds = 0;  // since the step began
    std::string text;    // at most kLineBytes
  };

  void add(double seconds, std::string_view line);
  const std::deque<Line>& lines() const { return lines_; }
  std::size_t total() const { return total_; }  // lines ever added
  void clear() { lines_.clear(); }

 private:
  std::deque<Line> lines_;
  std::size_t total_ = 0;
};

}  // namespace cooper::report
