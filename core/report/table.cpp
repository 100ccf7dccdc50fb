#include "report/table.h"

#include <algorithm>

#include "report/text_cells.h"

namespace cooper::report {

std::string render_table(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kGap = 3;
  std::vector<std::vector<std::string>> shown = rows;
  std::vector<std::size_t> widths;
  for (std::vector<std::string>& row : shown) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = clean_line(row[i], Colors::kRemove);
      widths[i] = std::max(widths[i], cell_width(row[i]));
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : shown) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - cell_width(row[i]) + kGap, ' ');
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace cooper::report
