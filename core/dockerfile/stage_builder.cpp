#include "dockerfile/stage_builder.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/paths.h"
#include "dockerfile/quote.h"
#include "graph/url.h"

namespace cooper::dockerfile {

namespace {

constexpr const char* kHistoryComment = "buildkit.dockerfile.v0";
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Arguments that steer the builder and never reach a step.
bool is_control_arg(const std::string& name) {
  return name == "BUILDKIT_SBOM_SCAN_CONTEXT" || name == "BUILDKIT_SBOM_SCAN_STAGE";
}

// The platform that the stage's TARGET… variables name, where they are in scope.
std::optional<oci::Platform> platform_in(const Environment& environment) {
  if (const std::string* text = environment.find("TARGETPLATFORM")) {
    try {
      return oci::parse_platform(*text);
    } catch (const base::Error&) {
      return std::nullopt;
    }
  }
  const std::string* os = environment.find("TARGETOS");
  const std::string* architecture = environment.find("TARGETARCH");
  const std::string* variant = environment.find("TARGETVARIANT");
  if (os == nullptr && architecture == nullptr && variant == nullptr) return std::nullopt;
  oci::Platform platform;
  if (os != nullptr) platform.os = *os;
  if (architecture != nullptr) platform.architecture = *architecture;
  if (variant != nullptr) platform.variant = *variant;
  return platform;
}

// "->arm64" where a step on one platform builds for another.
std::string cross_target(const oci::Platform& base, std::optional<oci::Platform> target) {
  if (!target) return "";
  if (target->os.empty()) target->os = base.os;
  if (target->architecture.empty()) target->architecture = base.architecture;
  oci::Platform platform = oci::normalize(*target);
  if (platform.os != base.os) return "->" + platform.str();
  if (platform.architecture == base.architecture) return "";
  return "->" + platform.architecture + (platform.variant.empty() ? "" : "/" + platform.variant);
}

}  // namespace

std::size_t StageState::cost() const {
  constexpr std::size_t kEntry = 128;
  std::size_t bytes = environment.bytes() + args.size() * kEntry + image.config.exposed_ports.size() * kEntry;
  for (const oci::History& entry : image.history) bytes += entry.created_by.size() + kEntry;
  for (const auto& [key, value] : image.config.labels) bytes += key.size() + value.size() + kEntry;
  return bytes + image.config.volumes.size() * kEntry;
}

void ExpansionBudget::spend(std::size_t bytes) {
  constexpr std::size_t kLimit = std::size_t{48} << 20U;
  spent_ += bytes;
  if (spent_ <= kLimit) return;
  throw base::Error(base::ErrorKind::kDockerfile, "instructions expand to more than 48 MiB")
      .hint("shorten the variables that they repeat");
}

bool ExpansionBudget::take_suggestion() {
  constexpr int kMaxSuggestions = 500;
  return suggestions_++ < kMaxSuggestions;
}

std::string step_prefix(const PlanStage& stage, int& step, const FrontendInput& input,
                        const oci::Platform& platform, const Environment& environment, bool from_trigger) {
  if (stage.command_total == 0) return "";
  std::string prefix = "[";
  if (input.multi_platform) prefix += platform.str() + cross_target(platform, platform_in(environment)) + " ";
  if (!stage.name.empty()) prefix += stage.name + " ";
  ++step;
  std::size_t width = fmt::formatted_size("{}", stage.command_total);
  prefix += fmt::format("{:>{}}/{}] ", step, width, stage.command_total);
  if (from_trigger) prefix += "ONBUILD ";
  return prefix;
}

StageBuilder::StageBuilder(LowerContext& context, int stage)
    : context_(context),
      index_(static_cast<std::size_t>(stage)),
      state_(context.states[index_]),
      linter_(*context.plan.linter) {
  if (!plan_stage().is_scratch() && plan_stage().base == kNoStage) step_ = 1;  // FROM was the first step
}

void StageBuilder::start() {
  oci::ContainerConfig& config = state_.image.config;
  if (oci::find_env(config.env, "PATH") == nullptr && state_.platform.os != "windows") {
    config.env.push_back(std::string("PATH=") + kDefaultPath);
  }
  for (const std::string& assignment : config.env) {
    auto [name, value] = split_assignment(assignment);
    state_.environment.set(name, std::move(value));
  }
  if (!config.working_dir.empty()) set_directory(config.working_dir);
}

void StageBuilder::run(const PlanCommand& command) {
  command_ = &command;
  instruction_ = command.instruction.get();
  LintScope scope(&linter_, instruction_->comments);
  std::visit([this](const auto& body) { apply(body); }, instruction_->body);
  context_.budget.spend(state_.environment.bytes() / 64);
}

std::string StageBuilder::expand_word(const std::string& word) {
  WordResult result = expand(word, state_.environment, context_.plan.word_options());
  lint_unmatched(result.unmatched);
  context_.budget.spend(result.word.size());
  return std::move(result.word);
}

// Heredoc bodies: variables, but no quotes, and always the backslash.
std::string StageBuilder::expand_raw(const std::string& word) {
  WordOptions options;
  options.skip_quotes = true;
  WordResult result = expand(word, state_.environment, options);
  lint_unmatched(result.unmatched);
  context_.budget.spend(result.word.size());
  return std::move(result.word);
}

void StageBuilder::lint_unmatched(const std::set<std::string>& unmatched) {
  context_.budget.spend(unmatched.size() * state_.args.size() / 4);
  for (const std::string& name : unmatched) {
    bool declared = std::any_of(state_.args.begin(), state_.args.end(),
                                [&](const ArgDefinition& arg) { return arg.key == name; });
    if (declared || is_control_arg(name)) continue;
    std::string message = fmt::format("Usage of undefined variable '${}'", name);
    std::string near;
    if (context_.budget.take_suggestion()) near = suggest(name, state_.environment.names(), true);
    if (!near.empty()) message += fmt::format(" (did you mean ${}?)", near);
    linter_.report(Rule::kUndefinedVar, instruction_->lines, message);
  }
}

void StageBuilder::add_history(std::string text, std::optional<int> layer) {
  context_.budget.spend(text.size());
  oci::History entry;
  if (context_.plan.source_date_epoch) entry.created = oci::rfc3339(*context_.plan.source_date_epoch);
  entry.created_by = std::move(text);
  entry.comment = kHistoryComment;
  entry.empty_layer = !layer;
  state_.image.history.push_back(std::move(entry));
  if (layer) state_.layer_vertices.push_back(*layer);
}

int StageBuilder::add_internal_vertex(graph::Vertex vertex, const std::string& name) {
  vertex.platform = state_.platform;
  vertex.info.name = graph::text_without_credentials(name);
  vertex.info.stage = plan_stage().name;
  vertex.info.instruction = graph::text_without_credentials(instruction_->code);
  vertex.info.range.file = context_.plan.source->filename;
  vertex.info.range.start_line = instruction_->lines.first;
  vertex.info.range.end_line = instruction_->lines.last;
  const auto& only = context_.input.ignore_cache_stages;
  vertex.info.ignore_cache =
      context_.input.ignore_cache || std::any_of(only.begin(), only.end(), [&](const std::string& stage) {
        return !plan_stage().header.name.empty() && base::to_lower(stage) == plan_stage().header.name;
      });
  return context_.definition.add(std::move(vertex));
}

int StageBuilder::add_vertex(graph::Vertex vertex, const std::string& name) {
  int index = add_internal_vertex(std::move(vertex), name);
  state_.vertex = index;
  state_.is_context = false;
  return index;
}

std::string StageBuilder::step_name(const std::string& text) {
  std::string shown = text;
  std::size_t blank = shown.find(' ');
  shown = base::to_upper(shown.substr(0, blank)) + (blank == std::string::npos ? "" : shown.substr(blank));
  return step_prefix(plan_stage(), step_, context_.input, state_.platform, state_.environment,
                     command_->from_trigger) +
         shown;
}

std::string StageBuilder::shown_code(const WordOptions& options, const Environment& environment,
                                     const std::string& text) const {
  try {
    return expand(text, environment, options).word;
  } catch (const base::Error&) {
    return text;
  }
}

std::vector<std::string> StageBuilder::with_shell(const std::vector<std::string>& words) const {
  std::vector<std::string> argv;
  const auto& shell = state_.image.config.shell;
  if (shell && !shell->empty()) {
    argv = *shell;
  } else if (state_.image.platform.os == "windows") {
    argv = {"cmd", "/S", "/C"};
  } else {
    argv = {"/bin/sh", "-c"};
  }
  argv.push_back(base::join(words, " "));
  return argv;
}

void StageBuilder::set_directory(const std::string& path) {
  std::string& shown = state_.image.config.working_dir;
  std::string text = own_path(path.empty() ? shown : path);
  state_.directory = clean_path(absolute_path(own_path(shown), text));
  shown = state_.platform.os == "windows" ? to_windows(state_.directory) : state_.directory;
}

// A path of the stage's image, with slashes whatever the image's system.
std::string StageBuilder::own_path(const std::string& path) const {
  return state_.platform.os == "windows" ? from_windows(path) : path;
}

int StageBuilder::main_context() {
  graph::Vertex vertex;
  vertex.op = graph::LocalSource{context_.input.default_context};
  return add_internal_vertex(std::move(vertex), "[internal] load build context");
}

// The stage's files as layers: a context that serves as a base is copied into one.
int StageBuilder::root() {
  if (!state_.is_context) return state_.vertex;
  graph::Vertex vertex;
  graph::CopyAction copy;
  copy.input = 1;
  copy.sources = {"/"};
  copy.destination = "/";
  vertex.op = graph::File{{copy}};
  vertex.inputs = {graph::kScratch, state_.vertex};
  return add_vertex(std::move(vertex), "[internal] copy context " + plan_stage().name);
}

void StageBuilder::lint_repeated(std::optional<Lines>& last) {
  if (last) {
    linter_.report(
        Rule::kMultipleInstructionsDisallowed, *last,
        fmt::format("Multiple {} instructions should not be used in the same stage because only the last "
                    "one will be used",
                    instruction_->keyword));
  }
  last = instruction_->lines;
}

void StageBuilder::lint_shell_form(const CommandLine& line) {
  const auto& shell = state_.image.config.shell;
  if (!line.through_shell || (shell && !shell->empty())) return;
  linter_.report(
      Rule::kJsonArgsRecommended, instruction_->lines,
      fmt::format("JSON arguments recommended for {} to prevent unintended behavior related to OS signals",
                  instruction_->keyword));
}

}  // namespace cooper::dockerfile
