// Ast → Plan: global ARGs, stages, target, dependencies.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/frontend.h"
#include "dockerfile/lint_stages.h"
#include "dockerfile/lowering.h"
#include "dockerfile/quote.h"
#include "oci/reference.h"

namespace cooper::dockerfile {

namespace {

constexpr std::size_t kMaxEnvironment = std::size_t{16} << 20U;

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

LintOptions lint_options(const Ast& ast, const FrontendInput& input) {
  if (input.check) return LintOptions::parse(*input.check);
  auto given = input.build_args.find("BUILDKIT_DOCKERFILE_CHECK");
  if (given != input.build_args.end()) {
    try {
      return LintOptions::parse(given->second);
    } catch (base::Error& error) {
      throw error.context("--build-arg BUILDKIT_DOCKERFILE_CHECK");
    }
  }
  const Directive* directive = ast.directive("check");
  if (directive == nullptr) return {};
  try {
    return LintOptions::parse_directive(directive->value);
  } catch (const base::Error& error) {
    base::Error in_file = failure(error.message()).hint(error.hint());
    throw located(in_file, *ast.source, {directive->line, directive->line});
  }
}

std::shared_ptr<Linter> make_linter(const Ast& ast, const FrontendInput& input) {
  auto linter = std::make_shared<Linter>(lint_options(ast, input));
  linter->set_sink(input.on_warning);
  return linter;
}

void set_platform_args(Environment& environment, const Plan& plan, const std::string& target_name) {
  auto set = [&](const std::string& name, const std::string& value) {
    auto given = plan.build_args.find(name);
    environment.set(name, given == plan.build_args.end() ? value : given->second);
  };
  auto set_all = [&](const std::string& prefix, const oci::Platform& platform) {
    set(prefix + "PLATFORM", platform.full_str());
    set(prefix + "OS", platform.os);
    set(prefix + "OSVERSION", platform.os_version);
    set(prefix + "ARCH", platform.architecture);
    set(prefix + "VARIANT", platform.variant);
  };
  set_all("BUILD", plan.build_platform);
  set_all("TARGET", plan.target_platform);
  set("TARGETSTAGE", target_name.empty() ? "default" : target_name);
}

// Evaluates an ARG above the first FROM. With `build_args` null only its defaults count.
void evaluate_global_arg(const Instruction& instruction, const WordOptions& options,
                         const std::map<std::string, std::string>* build_args, Environment& environment,
                         std::map<std::string, ArgInfo>& definitions) {
  std::size_t position = 0;
  for (const ArgDefinition& definition : std::get<Arg>(instruction.body).definitions) {
    ArgInfo info{definition, "", {}, instruction.lines, position++};
    std::optional<std::string> value = definition.value;
    if (build_args != nullptr && build_args->count(definition.key) > 0) {
      value = build_args->at(definition.key);
    } else if (value) {
      WordResult word = expand(*value, environment, options);
      value = word.word;
      info.depends_on = std::move(word.matched);
      auto old = definitions.find(definition.key);
      if (info.depends_on.erase(definition.key) > 0 && old != definitions.end()) {
        info.depends_on.insert(old->second.depends_on.begin(), old->second.depends_on.end());
      }
    }
    if (value) {
      environment.set(definition.key, *value);
      info.value = *value;
      if (environment.bytes() > kMaxEnvironment) throw failure("ARG values exceed 16 MiB");
    }
    definitions[definition.key] = std::move(info);
  }
}

void lint_program(const Program& program, const Plan& plan) {
  lint_stage_names(program, *plan.linter);
  lint_casing(program, *plan.linter);
  Environment defaults = plan.global_args;
  std::map<std::string, ArgInfo> definitions;
  try {
    for (const Instruction& instruction : program.global_args) {
      evaluate_global_arg(instruction, plan.word_options(), nullptr, defaults, definitions);
    }
  } catch (const base::Error&) {
    return;  // the evaluation with build arguments will say so, if it fails as well
  }
  lint_default_bases(program, defaults, plan.word_options(), *plan.linter);
}

std::optional<std::int64_t> as_number(const std::string& text) {
  std::int64_t number = 0;
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size())
    return std::nullopt;
  return number;
}

bool is_named_context(const FrontendInput& input, const std::string& name) {
  std::string key = context_key(name);
  return std::any_of(input.named_contexts.begin(), input.named_contexts.end(),
                     [&](const auto& entry) { return context_key(entry.first) == key; });
}

// SOURCE_DATE_EPOCH: a number, or the name of what gives the time.
void evaluate_epoch(Plan& plan, const Program& program, const FrontendInput& input) {
  constexpr const char* kName = "SOURCE_DATE_EPOCH";
  std::string value;
  auto given = plan.build_args.find(kName);
  const std::string* global = plan.global_args.find(kName);
  if (given != plan.build_args.end()) {
    value = given->second;
  } else if (global != nullptr) {
    value = *global;
  }
  plan.source_date_epoch = as_number(value);
  if (!plan.source_date_epoch && !value.empty()) {
    bool is_stage = std::any_of(program.stages.begin(), program.stages.end(), [&](const Stage& stage) {
      return stage.header().name == base::to_lower(value);
    });
    if (value != "context" && !is_named_context(input, value) && !is_stage) {
      base::Error error = failure(fmt::format("SOURCE_DATE_EPOCH '{}' is no time", value))
                              .hint("give it a number of seconds, 'context', a named context or a stage");
      auto definition = plan.global_definitions.find(kName);
      bool is_in_file = given == plan.build_args.end() && definition != plan.global_definitions.end();
      throw is_in_file ? located(error, *plan.source, definition->second.lines) : error;
    }
    plan.epoch_source = value;
  }
  std::string evaluated = plan.source_date_epoch ? fmt::format("{}", *plan.source_date_epoch) : "";
  if (given != plan.build_args.end()) {
    if (evaluated.empty()) {
      plan.build_args.erase(given);
    } else {
      given->second = evaluated;
    }
  }
  if (global != nullptr && !value.empty()) {
    if (evaluated.empty()) {
      plan.global_args.remove(kName);
    } else {
      plan.global_args.set(kName, evaluated);
    }
  }
  if (input.source_date_epoch) plan.source_date_epoch = input.source_date_epoch;
}

std::set<std::string> declared_names(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, info] : plan.global_definitions) names.insert(name);
  for (std::string& name : plan.global_args.names()) names.insert(std::move(name));
  return names;
}

void expand_platform(const Plan& plan, PlanStage& stage, const std::set<std::string>& declared) {
  std::string written = stage.header.platform;
  if (written.empty()) return;
  WordResult word = expand(written, plan.global_args, plan.word_options());
  lint_undefined_in_from(word, declared, stage.lines, *plan.linter);
  lint_platform(written, stage.header.name, word, plan.global_args, stage.lines, *plan.linter);
  if (word.word.empty()) {
    base::Error error = failure(fmt::format("platform '{}' expands to nothing", written));
    for (const std::string& name : word.unmatched) {
      error.hint(did_you_mean(name, plan.global_args.names(),
                              "give the ARG a default, or pass it with --build-arg"));
    }
    throw error;
  }
  try {
    stage.platform = oci::parse_platform(word.word);
  } catch (const base::Error& error) {
    throw failure(fmt::format("platform '{}' is not valid: {}", written, reason_of(error)))
        .hint(error.hint());
  }
  stage.used_args.insert(word.matched.begin(), word.matched.end());
}

PlanStage expand_header(const Plan& plan, const Stage& written, const std::set<std::string>& declared,
                        const FrontendInput& input) {
  PlanStage stage;
  stage.header = written.header();
  stage.code = written.from.code;
  stage.lines = written.from.lines;
  stage.comments = written.from.comments;
  LintScope scope(plan.linter.get(), stage.comments);
  WordResult word = expand(stage.header.base, plan.global_args, plan.word_options());
  lint_undefined_in_from(word, declared, stage.lines, *plan.linter);
  if (word.word.empty()) {
    std::string unset = word.unmatched.empty() ? "" : *word.unmatched.begin();
    throw failure(fmt::format("base '{}' expands to nothing", stage.header.base))
        .hint(did_you_mean(unset, {declared.begin(), declared.end()},
                           "give the ARG a default, or pass it with --build-arg"));
  }
  stage.header.base = word.word;
  stage.used_args = std::move(word.matched);
  expand_platform(plan, stage, declared);
  const std::string& name = stage.header.name;
  if (!name.empty() && name != "scratch" && name != "context" && is_named_context(input, name))
    stage.context = name;
  return stage;
}

// The stage's place in the plan; a later stage hides an earlier one of the same name.
int add_stage(Plan& plan, PlanStage stage) {
  int index = static_cast<int>(plan.stages.size());
  auto base = plan.stages_by_name.find(base::to_lower(stage.header.base));
  if (base != plan.stages_by_name.end() && stage.context.empty()) stage.base = base->second;
  if (!stage.header.name.empty()) plan.stages_by_name[stage.header.name] = index;
  plan.stages.push_back(std::move(stage));
  return index;
}

bool counts_as_step(const Instruction& instruction) {
  return std::holds_alternative<Run>(instruction.body) || std::holds_alternative<Copy>(instruction.body) ||
         std::holds_alternative<Workdir>(instruction.body);
}

void add_stages(Plan& plan, const Program& program, const FrontendInput& input) {
  std::set<std::string> declared = declared_names(plan);
  for (std::size_t i = 0; i < program.stages.size(); ++i) {
    const Stage& written = program.stages[i];
    try {
      PlanStage stage = expand_header(plan, written, declared, input);
      stage.name = stage.header.name.empty() ? fmt::format("stage-{}", i) : stage.header.name;
      int index = add_stage(plan, std::move(stage));
      PlanStage& added = plan.stages[static_cast<std::size_t>(index)];
      if (!added.context.empty()) continue;
      added.command_total = added.header.base != "scratch" && added.base == kNoStage ? 1 : 0;
      added.command_total += static_cast<int>(
          std::count_if(written.instructions.begin(), written.instructions.end(), counts_as_step));
    } catch (base::Error& error) {
      throw located(error, *plan.source, written.from.lines);
    }
  }
}

void add_commands(Plan& plan, Program& program) {
  for (std::size_t i = 0; i < program.stages.size(); ++i) {
    for (Instruction& instruction : program.stages[i].instructions) {
      Lines lines = instruction.lines;
      try {
        add_command(plan, static_cast<int>(i), std::move(instruction), false);
      } catch (base::Error& error) {
        throw located(error, *plan.source, lines);
      }
    }
  }
}

int find_target(const Plan& plan, const std::string& target) {
  if (target.empty()) return static_cast<int>(plan.stages.size()) - 1;
  auto found = plan.stages_by_name.find(base::to_lower(target));
  if (found != plan.stages_by_name.end()) return found->second;
  auto number = as_number(target);
  if (number && *number >= 0 && *number < static_cast<std::int64_t>(plan.stages.size())) {
    return static_cast<int>(*number);
  }
  base::Error error(base::ErrorKind::kUsage, fmt::format("target stage '{}' could not be found", target));
  std::vector<std::string> names;
  for (const PlanStage& stage : plan.stages) names.push_back(stage.name);
  constexpr std::size_t kListed = 10;
  bool lists = names.size() <= kListed;
  throw error.hint(did_you_mean(target, names, lists ? "choose among " + base::join(names, ", ") : ""));
}

// Shown at the instruction of `stage` that closes the circle.
[[noreturn]] void refuse_cycle(const Plan& plan, const PlanStage& stage, std::size_t dependency) {
  const std::string& name = plan.stages[dependency].name;
  base::Error error = failure(fmt::format("stage '{}' would need itself to be built", name));
  error.hint(stage.name == name ? "a stage cannot read its own files with --from"
                                : "let one of the stages that read each other come first");
  for (const PlanCommand& command : stage.commands) {
    bool reads = std::find(command.sources.begin(), command.sources.end(), static_cast<int>(dependency)) !=
                 command.sources.end();
    if (reads) throw located(error, *plan.source, command.instruction->lines);
  }
  throw located(error, *plan.source, stage.lines);
}

// Depth first without recursion: a hostile file may chain very many stages.
void refuse_cycles(const Plan& plan) {
  enum Mark : char { kNew, kOnPath, kDone };
  std::vector<Mark> marks(plan.stages.size(), kNew);
  std::vector<std::pair<int, std::set<int>::const_iterator>> path;
  for (std::size_t start = 0; start < marks.size(); ++start) {
    if (marks[start] != kNew) continue;
    marks[start] = kOnPath;
    path.emplace_back(static_cast<int>(start), plan.stages[start].depends_on.begin());
    while (!path.empty()) {
      auto& [index, next] = path.back();
      auto position = static_cast<std::size_t>(index);
      if (next == plan.stages[position].depends_on.end()) {
        marks[position] = kDone;
        path.pop_back();
        continue;
      }
      auto dependency = static_cast<std::size_t>(*next++);
      if (marks[dependency] == kOnPath) refuse_cycle(plan, plan.stages[position], dependency);
      if (marks[dependency] == kNew) {
        marks[dependency] = kOnPath;
        path.emplace_back(static_cast<int>(dependency), plan.stages[dependency].depends_on.begin());
      }
    }
  }
}

// A stage that gives SOURCE_DATE_EPOCH must be fit for it, whether or not the target needs it.
void check_epoch_stage(const Plan& plan) {
  auto found = plan.stages_by_name.find(base::to_lower(plan.epoch_source));
  if (plan.epoch_source.empty() || plan.epoch_source == "context" || found == plan.stages_by_name.end())
    return;
  const PlanStage& stage = plan.stages[static_cast<std::size_t>(found->second)];
  if (!stage.context.empty()) return;
  try {
    stage_source(plan, stage);
  } catch (base::Error& error) {
    throw located(error, *plan.source, stage.lines);
  }
}

void note_consumed(Plan& plan, const Program& program) {
  auto note = [&](const Instruction& instruction) {
    const auto* arg = std::get_if<Arg>(&instruction.body);
    if (arg == nullptr) return;
    for (const ArgDefinition& definition : arg->definitions) plan.consumed_args.insert(definition.key);
  };
  for (const Instruction& instruction : program.global_args) note(instruction);
  for (const Stage& stage : program.stages) {
    for (const Instruction& instruction : stage.instructions) note(instruction);
  }
}

}  // namespace

WordOptions Plan::word_options() const {
  WordOptions options;
  options.escape = source->escape;
  return options;
}

std::string context_key(const std::string& name) {
  try {
    std::string key = oci::Reference::parse(name).familiar();
    constexpr std::string_view kLatest = ":latest";
    if (key.size() > kLatest.size() && key.substr(key.size() - kLatest.size()) == kLatest) {
      key.resize(key.size() - kLatest.size());
    }
    return key;
  } catch (const base::Error&) {
    return name;
  }
}

void add_command(Plan& plan, int stage, Instruction instruction, bool from_trigger) {
  PlanCommand command;
  auto image_stage = [&](const std::string& name) {
    auto found = plan.stages_by_name.find(base::to_lower(name));
    if (found != plan.stages_by_name.end()) return found->second;
    if (plan.stages.size() >= kMaxStages)
      throw failure(fmt::format("file names more than {} stages and images", kMaxStages));
    PlanStage image;
    image.header.base = name;
    image.image_only = true;
    image.lines = instruction.lines;
    plan.stages.push_back(std::move(image));
    return static_cast<int>(plan.stages.size()) - 1;
  };
  if (const auto* copy = std::get_if<Copy>(&instruction.body); copy != nullptr && !copy->from.empty()) {
    if (expand(copy->from, {}, plan.word_options()).word != copy->from) {
      throw failure(fmt::format("'{}' holds a variable, which --from does not take", copy->from))
          .hint("define a stage with FROM and name that");
    }
    auto number = as_number(copy->from);
    if (number && (*number < 0 || *number >= static_cast<std::int64_t>(plan.stages.size()))) {
      throw failure(fmt::format("there is no stage number '{}'", copy->from))
          .hint(fmt::format("stages are numbered from 0 to {}", plan.stages.size() - 1));
    }
    command.sources.push_back(number ? static_cast<int>(*number) : image_stage(copy->from));
  } else if (const auto* run = std::get_if<Run>(&instruction.body)) {
    for (const RunMount& mount : run->mounts) {
      command.sources.push_back(mount.from.empty() ? kNoStage : image_stage(mount.from));
    }
  }
  command.instruction = std::make_shared<const Instruction>(std::move(instruction));
  command.from_trigger = from_trigger;
  PlanStage& owner = plan.stages[static_cast<std::size_t>(stage)];
  for (int source : command.sources) {
    if (source != kNoStage) owner.depends_on.insert(source);
  }
  owner.commands.push_back(std::move(command));
}

std::vector<bool> reachable_stages(const Plan& plan, int stage, bool everything) {
  std::vector<bool> reachable(plan.stages.size(), everything);
  std::vector<int> pending = {stage};
  while (!pending.empty()) {
    auto index = static_cast<std::size_t>(pending.back());
    pending.pop_back();
    if (reachable[index] && !everything) continue;
    if (everything) break;
    reachable[index] = true;
    if (plan.stages[index].base != kNoStage) pending.push_back(plan.stages[index].base);
    for (int dependency : plan.stages[index].depends_on) pending.push_back(dependency);
  }
  return reachable;
}

Plan resolve(const Ast& ast, const FrontendInput& input) {
  Plan plan;
  plan.source = ast.source;
  plan.linter = make_linter(ast, input);
  plan.build_args = input.build_args;
  plan.build_platform = oci::normalize(input.build_platform);
  plan.target_platform = oci::normalize(input.target_platform.value_or(input.build_platform));
  for (const ParseWarning& warning : ast.warnings) {
    plan.linter->report(Rule::kNoEmptyContinuation, warning.lines, "Empty continuation line");
  }
  Program program = read_program(ast, plan.linter.get());
  if (program.stages.size() > kMaxStages)
    throw failure(fmt::format("file holds more than {} stages", kMaxStages));
  if (program.stages.empty())
    throw located(failure("file without a stage").hint("add a FROM"), *plan.source, ast.nodes.back().lines);
  set_platform_args(plan.global_args, plan,
                    input.target.empty() ? program.stages.back().header().name : input.target);
  lint_program(program, plan);
  for (const Instruction& instruction : program.global_args) {
    try {
      evaluate_global_arg(instruction, plan.word_options(), &plan.build_args, plan.global_args,
                          plan.global_definitions);
    } catch (base::Error& error) {
      throw located(error, *plan.source, instruction.lines);
    }
  }
  evaluate_epoch(plan, program, input);
  note_consumed(plan, program);
  add_stages(plan, program, input);
  plan.target = find_target(plan, input.target);
  add_commands(plan, program);
  refuse_cycles(plan);
  check_epoch_stage(plan);
  if (plan.stages.size() == 1) plan.stages[0].name.clear();
  return plan;
}

}  // namespace cooper::dockerfile
