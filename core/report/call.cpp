#include "report/call.h"

#include <algorithm>
#include <fmt/format.h>

#include "report/failure.h"
#include "report/table.h"
#include "report/text_cells.h"

namespace cooper::report {
namespace {

std::string render_finding(const dockerfile::LintWarning& finding, const CallSource& source) {
  std::string text = "\nWARNING: " + finding.rule;
  if (!finding.url.empty()) text += " - " + finding.url;
  text += fmt::format("\n{}\n", clean_line(finding.message, Colors::kRemove));
  if (finding.lines.first <= 0) return text;
  base::SourceRange range;
  range.file = source.filename;
  range.start_line = finding.lines.first;
  range.end_line = finding.lines.last;
  return text + render_excerpt(source.text, range);
}

std::string render_sources(const std::string& title, const std::vector<dockerfile::OutlineSource>& sources) {
  if (sources.empty()) return {};
  std::vector<std::vector<std::string>> rows = {{title, "REQUIRED"}};
  for (const dockerfile::OutlineSource& source : sources)
    rows.push_back({source.name, source.required ? "true" : ""});
  return "\n" + render_table(rows);
}

}  // namespace

std::string render_check(const dockerfile::CheckResult& result, const CallSource& source) {
  std::size_t count = result.warnings.size();
  if (count == 0) return result.error ? "" : "Check complete, no warnings found.\n";
  std::string text = count == 1 ? "Check complete, 1 warning has been found!\n"
                                : fmt::format("Check complete, {} warnings have been found!\n", count);
  std::vector<dockerfile::LintWarning> findings = result.warnings;
  std::stable_sort(findings.begin(), findings.end(),
                   [](const auto& a, const auto& b) { return a.lines.first < b.lines.first; });
  for (const dockerfile::LintWarning& finding : findings) text += render_finding(finding, source);
  return text;
}

std::string render_outline(const dockerfile::Outline& outline) {
  std::vector<std::vector<std::string>> head = {
      {"TARGET:", outline.name.empty() ? "(default)" : outline.name}};
  if (!outline.description.empty()) head.push_back({"DESCRIPTION:", outline.description});
  std::string text = render_table(head);
  if (!outline.args.empty()) {
    std::vector<std::vector<std::string>> rows = {{"BUILD ARG", "VALUE", "DESCRIPTION"}};
    for (const dockerfile::OutlineArg& arg : outline.args)
      rows.push_back({arg.name, arg.value, arg.description});
    text += "\n" + render_table(rows);
  }
  return text + render_sources("SECRET", outline.secrets) + render_sources("SSH", outline.ssh);
}

std::string render_targets(const std::vector<dockerfile::Target>& targets) {
  std::vector<std::vector<std::string>> rows = {{"TARGET", "DESCRIPTION"}};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::string name = targets[i].name;
    if (targets[i].is_default) {
      name += name.empty() ? "(default)" : " (default)";
    } else if (name.empty()) {
      name = std::to_string(i);
    }
    rows.push_back({name, targets[i].description});
  }
  return render_table(rows);
}

}  // namespace cooper::report
