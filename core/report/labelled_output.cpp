#include "report/labelled_output.h"

#include <algorithm>

namespace cooper::report {

void LabelledOutput::write(std::string_view text) {
  std::string labelled;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!in_line_) labelled += prefix_;
    labelled += text.substr(0, end);
    in_line_ = labelled.back() != '\n';
    text.remove_prefix(end);
  }
  next_.write(labelled);
}

}  // namespace cooper::report
