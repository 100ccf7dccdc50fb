#include "report/note.h"

#include <fmt/format.h>

#include "report/text_cells.h"

namespace cooper::report {

std::string render_note(const base::Event& event) {
  std::string text = event.kind == base::Event::Kind::kWarning ? "warning: " : "";
  if (!event.range.file.empty()) text += fmt::format("{}:{}: ", event.range.file, event.range.start_line);
  text = clean_line(text + (event.text.empty() ? event.name : event.text), Colors::kRemove);
  if (!event.url.empty()) text += "\n  " + clean_line(event.url, Colors::kRemove);
  return text;
}

}  // namespace cooper::report
