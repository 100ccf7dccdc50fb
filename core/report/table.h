// Columns of text, each as wide as its widest cell: for answers that people read and scripts cut apart at
// blanks.
#pragma once

#include <string>
#include <vector>

namespace cooper::report {

// One row a line, columns three blanks apart, no blanks at the end of a line. Cells are cleaned as
// clean_line() does it; rows may differ in length.
std::string render_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace cooper::report
