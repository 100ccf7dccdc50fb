// Lint: the 22 rules of the reference, when each is silent, and what they found.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dockerfile/ast.h"

namespace cooper::dockerfile {

struct LintWarning {
  std::string rule;         // "StageNameCasing"
  std::string description;  // of the rule
  std::string url;
  std::string message;  // of this finding
  Lines lines;

  bool operator==(const LintWarning&) const = default;
};

// What "skip=…;error=…;experimental=…" asks for.
struct LintOptions {
  std::set<std::string> skip;
  std::set<std::string> experimental;
  bool skip_all = false;
  bool experimental_all = false;
  bool error = false;

  // Throws Error{kUsage} naming the option.
  static LintOptions parse(std::string_view text);
  // Only the first word counts; what follows may explain it.
  static LintOptions parse_directive(std::string_view text);
};

enum class Rule {
  kStageNameCasing,
  kFromAsCasing,
  kNoEmptyContinuation,
  kConsistentInstructionCasing,
  kDuplicateStageName,
  kReservedStageName,
  kJsonArgsRecommended,
  kMaintainerDeprecated,
  kUndefinedArgInFrom,
  kWorkdirRelativePath,
  kUndefinedVar,
  kMultipleInstructionsDisallowed,
  kLegacyKeyValueFormat,
  kInvalidBaseImagePlatform,
  kRedundantTargetPlatform,
  kSecretsUsedInArgOrEnv,
  kInvalidDefaultArgInFrom,
  kFromPlatformFlagConstDisallowed,
  kCopyIgnoredFile,
  kInvalidDefinitionDescription,
  kExposeProtoCasing,
  kExposeInvalidFormat,
};

class Linter {
 public:
  explicit Linter(LintOptions options = {}) : options_(std::move(options)) {}

  // Comments that say "check=skip=…" add to the options for as long as the instruction they stand above is
  // looked at.
  void enter(const std::vector<std::string>& comments);
  void leave() { local_.clear(); }

  // Called with each finding as it is made.
  void set_sink(std::function<void(const LintWarning&)> sink) { sink_ = std::move(sink); }

  void report(Rule rule, Lines lines, std::string message);

  const std::vector<LintWarning>& warnings() const { return warnings_; }
  // Error{kDockerfile} naming the rules when there are warnings and "error=true" was asked for. Without a
  // place.
  std::optional<base::Error> failure() const;

 private:
  LintOptions options_;
  std::vector<LintOptions> local_;
  std::vector<LintWarning> warnings_;
  std::function<void(const LintWarning&)> sink_;
};

// Keeps a linter's local options for one instruction.
class LintScope {
 public:
  LintScope(Linter* linter, const std::vector<std::string>& comments) : linter_(linter) {
    if (linter_ != nullptr) linter_->enter(comments);
  }
  ~LintScope() {
    if (linter_ != nullptr) linter_->leave();
  }
  LintScope(const LintScope&) = delete;
  LintScope& operator=(const LintScope&) = delete;

 private:
  Linter* linter_;
};

// Whether a variable's name says that its value is a secret.
bool names_a_secret(std::string_view key);

}  // namespace cooper::dockerfile
