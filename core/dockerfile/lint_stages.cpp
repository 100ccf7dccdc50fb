#include "dockerfile/lint_stages.h"

#include <fmt/format.h>
#include <set>

#include "base/text.h"
#include "dockerfile/quote.h"
#include "oci/reference.h"

namespace cooper::dockerfile {

namespace {

bool is_lower(const std::string& text) {
  return text == base::to_lower(text);
}
bool is_upper(const std::string& text) {
  return text == base::to_upper(text);
}

template <typename Visit>
void each_keyword(const Program& program, Visit visit) {
  for (const Stage& stage : program.stages) {
    visit(stage.from);
    for (const Instruction& instruction : stage.instructions) visit(instruction);
  }
}

}  // namespace

void lint_stage_names(const Program& program, Linter& linter) {
  std::set<std::string> seen;
  for (const Stage& stage : program.stages) {
    const std::string& name = stage.header().name;
    if (name.empty()) continue;
    LintScope scope(&linter, stage.from.comments);
    if (name == "context" || name == "scratch") {
      linter.report(Rule::kReservedStageName, stage.from.lines,
                    fmt::format("Stage name should not use the same name as reserved stage {}", quote(name)));
    }
    if (!seen.insert(name).second) {
      linter.report(Rule::kDuplicateStageName, stage.from.lines,
                    fmt::format("Duplicate stage name {}, stage names should be unique", quote(name)));
    }
  }
}

void lint_casing(const Program& program, Linter& linter) {
  std::size_t lower = 0;
  std::size_t upper = 0;
  each_keyword(program, [&](const Instruction& instruction) {
    if (is_lower(instruction.keyword)) {
      ++lower;
    } else if (is_upper(instruction.keyword)) {
      ++upper;
    }
  });
  bool want_lower = lower > upper;
  each_keyword(program, [&](const Instruction& instruction) {
    if (want_lower ? is_lower(instruction.keyword) : is_upper(instruction.keyword)) return;
    LintScope scope(&linter, instruction.comments);
    linter.report(Rule::kConsistentInstructionCasing, instruction.lines,
                  fmt::format("Command '{}' should match the case of the command majority ({})",
                              instruction.keyword, want_lower ? "lowercase" : "uppercase"));
  });
}

void lint_default_bases(const Program& program, const Environment& defaults, const WordOptions& options,
                        Linter& linter) {
  for (const Stage& stage : program.stages) {
    LintScope scope(&linter, stage.from.comments);
    std::string name;
    try {
      name = expand(stage.header().base, defaults, options).word;
    } catch (const base::Error&) {
      return;  // the real expansion will say so
    }
    try {
      oci::Reference::parse(name);
    } catch (const base::Error&) {
      linter.report(Rule::kInvalidDefaultArgInFrom, stage.from.lines,
                    fmt::format("Default value for ARG {} results in empty or invalid base image name",
                                stage.header().base));
    }
  }
}

void lint_undefined_in_from(const WordResult& word, const std::set<std::string>& declared, Lines lines,
                            Linter& linter) {
  for (const std::string& name : word.unmatched) {
    if (declared.count(name) > 0) continue;
    std::string message = fmt::format("FROM argument '{}' is not declared", name);
    std::string near = suggest(name, {declared.begin(), declared.end()}, true);
    if (!near.empty()) message += fmt::format(" (did you mean {}?)", near);
    linter.report(Rule::kUndefinedArgInFrom, lines, message);
  }
}

void lint_platform(const std::string& written, const std::string& stage_name, const WordResult& word,
                   const Environment& global_args, Lines lines, Linter& linter) {
  if (word.matched.size() == 1 && word.unmatched.empty() && word.matched.count("TARGETPLATFORM") > 0) {
    const std::string* target = global_args.find("TARGETPLATFORM");
    if (word.word == (target == nullptr ? "" : *target)) {
      linter.report(
          Rule::kRedundantTargetPlatform, lines,
          fmt::format(
              "Setting platform to predefined {} in FROM is redundant as this is the default behavior",
              written));
    }
  }
  if (!word.matched.empty() || !word.unmatched.empty()) return;
  oci::Platform platform;
  try {
    platform = oci::parse_platform(word.word);
  } catch (const base::Error&) {
    return;  // reported as an error soon
  }
  // A stage that is named after its platform means to be constant.
  if (stage_name.find(platform.os) != std::string::npos) return;
  if (stage_name.find(platform.architecture) != std::string::npos) return;
  linter.report(Rule::kFromPlatformFlagConstDisallowed, lines,
                fmt::format("FROM --platform flag should not use constant value {}", quote(word.word)));
}

void lint_base_platform(const std::string& name, const oci::Platform& expected, const oci::Platform& actual,
                        Lines lines, Linter& linter) {
  if (expected.os == actual.os && expected.architecture == actual.architecture) return;
  linter.report(Rule::kInvalidBaseImagePlatform, lines,
                fmt::format("Base image {} was pulled with platform {}, expected {} for current build", name,
                            quote(oci::normalize(actual).str()), quote(oci::normalize(expected).str())));
}

}  // namespace cooper::dockerfile
