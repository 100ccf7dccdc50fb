#include "dockerfile/lint.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

struct RuleInfo {
  const char* name;
  const char* page;  // "" where the reference documents none
  const char* description;
  bool experimental = false;
};

// In the order of enum Rule.
constexpr std::array<RuleInfo, 22> kRules = {{
    {"StageNameCasing", "stage-name-casing", "Stage names should be lowercase"},
    {"FromAsCasing", "from-as-casing", "The 'as' keyword should match the case of the 'from' keyword"},
    {"NoEmptyContinuation", "no-empty-continuation",
     "Empty continuation lines will become errors in a future release"},
    {"ConsistentInstructionCasing", "consistent-instruction-casing",
     "All commands within the Dockerfile should use the same casing (either upper or lower)"},
    {"DuplicateStageName", "duplicate-stage-name", "Stage names should be unique"},
    {"ReservedStageName", "reserved-stage-name", "Reserved words should not be used as stage names"},
    {"JSONArgsRecommended", "json-args-recommended",
     "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals"},
    {"MaintainerDeprecated", "maintainer-deprecated",
     "The MAINTAINER instruction is deprecated, use a label instead to define an image author"},
    {"UndefinedArgInFrom", "undefined-arg-in-from", "FROM command must use declared ARGs"},
    {"WorkdirRelativePath", "workdir-relative-path",
     "Relative workdir without an absolute workdir declared within the build can have unexpected results if "
     "the base "
     "image changes"},
    {"UndefinedVar", "undefined-var", "Variables should be defined before their use"},
    {"MultipleInstructionsDisallowed", "multiple-instructions-disallowed",
     "Multiple instructions of the same type should not be used in the same stage"},
    {"LegacyKeyValueFormat", "legacy-key-value-format",
     "Legacy key/value format with whitespace separator should not be used"},
    {"InvalidBaseImagePlatform", "", "Base image platform does not match expected target platform"},
    {"RedundantTargetPlatform", "redundant-target-platform",
     "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior"},
    {"SecretsUsedInArgOrEnv", "secrets-used-in-arg-or-env",
     "Sensitive data should not be used in the ARG or ENV commands"},
    {"InvalidDefaultArgInFrom", "invalid-default-arg-in-from",
     "Default value for global ARG results in an empty or invalid base image name"},
    {"FromPlatformFlagConstDisallowed", "from-platform-flag-const-disallowed",
     "FROM --platform flag should not use a constant value"},
    {"CopyIgnoredFile", "copy-ignored-file", "Attempting to Copy file that is excluded by .dockerignore"},
    {"InvalidDefinitionDescription", "invalid-definition-description",
     "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If "
     "this is not "
     "intended to be a description comment, add an empty line or comment between the instruction and the "
     "comment.",
     true},
    {"ExposeProtoCasing", "expose-proto-casing", "Protocol in EXPOSE instruction should be lowercase"},
    {"ExposeInvalidFormat", "expose-invalid-format",
     "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error "
     "in a future "
     "release"},
}};

base::Error usage(const std::string& message) {
  return base::Error(base::ErrorKind::kUsage, message).hint("write it as skip=RuleName,…;error=true");
}

void read_rules(std::string_view value, std::set<std::string>& rules, bool& all) {
  if (value == "all") {
    all = true;
    return;
  }
  for (const std::string& rule : base::split(value, ',')) rules.insert(std::string(base::trim(rule)));
}

bool is_word_of(std::string_view key, const std::vector<std::string>& words) {
  for (const std::string& word : base::split(base::to_lower(key), '_')) {
    if (std::find(words.begin(), words.end(), word) != words.end()) return true;
  }
  return false;
}

// "check=skip=…" as a comment; nullptr-like empty text for any other comment.
std::string_view check_comment(std::string_view comment) {
  comment = base::trim(comment);
  if (base::to_lower(comment.substr(0, 5)) != "check") return {};
  comment = base::trim(comment.substr(5));
  if (comment.empty() || comment[0] != '=') return {};
  return comment.substr(1);
}

}  // namespace

LintOptions LintOptions::parse_directive(std::string_view text) {
  text = base::trim(text);
  return parse(text.substr(0, text.find(' ')));
}

LintOptions LintOptions::parse(std::string_view text) {
  LintOptions options;
  text = base::trim(text);
  if (text.empty()) return options;
  for (const std::string& part : base::split(text, ';')) {
    std::size_t equals = part.find('=');
    if (equals == std::string::npos) throw usage(fmt::format("check option '{}' has no value", part));
    std::string_view key = base::trim(std::string_view(part).substr(0, equals));
    std::string_view value = base::trim(std::string_view(part).substr(equals + 1));
    if (key == "skip") {
      read_rules(value, options.skip, options.skip_all);
    } else if (key == "experimental") {
      read_rules(value, options.experimental, options.experimental_all);
    } else if (key != "error") {
      throw usage(fmt::format("unknown check option '{}'", key));
    } else if (!parse_bool(value, options.error)) {
      throw usage(fmt::format("check option 'error' takes true or false, not '{}'", value));
    }
  }
  return options;
}

void Linter::enter(const std::vector<std::string>& comments) {
  for (const std::string& comment : comments) {
    std::string_view text = check_comment(comment);
    if (text.empty()) continue;
    try {
      local_.push_back(LintOptions::parse_directive(text));
    } catch (const base::Error&) {
      continue;  // an ordinary comment that happens to start this way
    }
  }
}

void Linter::report(Rule rule, Lines lines, std::string message) {
  const RuleInfo& info = kRules[static_cast<std::size_t>(rule)];
  auto allowed = [&](const LintOptions& options) {
    return options.experimental_all || options.experimental.count(info.name) > 0;
  };
  auto skipped = [&](const LintOptions& options) {
    return options.skip_all || options.skip.count(info.name) > 0;
  };
  if (info.experimental) {
    if (!allowed(options_) && std::none_of(local_.begin(), local_.end(), allowed)) return;
  } else if (skipped(options_) || std::any_of(local_.begin(), local_.end(), skipped)) {
    return;
  }
  constexpr std::size_t kMaxWarnings = 10000;
  constexpr std::size_t kMaxMessage = 4096;
  if (warnings_.size() >= kMaxWarnings) return;
  if (message.size() > kMaxMessage) message.resize(kMaxMessage);
  std::string url =
      info.page[0] == 0 ? "" : fmt::format("https://docs.docker.com/go/dockerfile/rule/{}/", info.page);
  warnings_.push_back({info.name, info.description, std::move(url), std::move(message), lines});
  if (sink_) sink_(warnings_.back());
}

std::optional<base::Error> Linter::failure() const {
  if (!options_.error || warnings_.empty()) return std::nullopt;
  std::vector<std::string> rules;
  for (const LintWarning& warning : warnings_) {
    if (std::find(rules.begin(), rules.end(), warning.rule) == rules.end()) rules.push_back(warning.rule);
  }
  return base::Error(
             base::ErrorKind::kDockerfile,
             fmt::format("lint found violations of {}, and check=error=true is set", base::join(rules, ", ")))
      .hint("mend them, or name the rules in check=skip=…");
}

bool names_a_secret(std::string_view key) {
  static const std::vector<std::string> kSecrets = {
      "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"};
  static const std::vector<std::string> kHarmless = {"public", "file", "version"};
  return is_word_of(key, kSecrets) && !is_word_of(key, kHarmless);
}

}  // namespace cooper::dockerfile
