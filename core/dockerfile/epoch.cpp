// SOURCE_DATE_EPOCH=<stage>: the stage must do nothing but fetch one thing, whose time then counts.
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/lowering.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return base::Error(base::ErrorKind::kDockerfile, message)
      .hint("let the stage hold FROM scratch, ARGs and one ADD of a URL or git repository");
}

void apply_args(const Plan& plan, const Arg& arg, Environment& environment) {
  for (const ArgDefinition& definition : arg.definitions) {
    auto given = plan.build_args.find(definition.key);
    if (given != plan.build_args.end()) {
      environment.set(definition.key, given->second);
    } else if (definition.value) {
      environment.set(definition.key, expand(*definition.value, environment, plan.word_options()).word);
    }
  }
}

graph::Op remote_source(const Plan& plan, const Copy& copy, const Environment& environment) {
  if (!copy.is_add || !copy.heredocs.empty() || copy.sources.size() != 1) {
    throw failure("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source");
  }
  std::string source = expand(copy.sources[0], environment, plan.word_options()).word;
  std::string checksum = expand(copy.checksum, environment, plan.word_options()).word;
  bool known_git = copy.keep_git_dir.has_value();
  if (!known_git && is_http_source(source)) {
    graph::HttpSource http{source, http_filename(source), std::nullopt};
    if (!checksum.empty()) http.checksum = base::Digest::parse_or_throw(checksum);
    return http;
  }
  auto git = parse_git_ref(source, known_git);
  if (!git)
    throw failure(fmt::format("SOURCE_DATE_EPOCH stage source '{}' is no URL and no git repository", source));
  return graph::GitSource{git->remote,
                          git->ref,
                          git->subdir,
                          checksum.empty() ? git->checksum : checksum,
                          git->keep_git_dir.value_or(copy.keep_git_dir.value_or(false)),
                          git->submodules.value_or(true)};
}

}  // namespace

graph::Op stage_source(const Plan& plan, const PlanStage& stage) {
  if (stage.header.base != "scratch") throw failure("SOURCE_DATE_EPOCH stage must use FROM scratch");
  Environment environment = plan.global_args;
  environment.remove("SOURCE_DATE_EPOCH");
  std::optional<graph::Op> source;
  for (const PlanCommand& command : stage.commands) {
    const Body& body = command.instruction->body;
    if (const auto* arg = std::get_if<Arg>(&body)) {
      apply_args(plan, *arg, environment);
      continue;
    }
    const auto* copy = std::get_if<Copy>(&body);
    if (copy == nullptr || !copy->is_add) {
      throw failure(fmt::format("SOURCE_DATE_EPOCH stage holds '{}'", command.instruction->keyword));
    }
    if (source) throw failure("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
    source = remote_source(plan, *copy, environment);
  }
  if (!source) throw failure("SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
  return *source;
}

std::optional<graph::Op> epoch_source(const Plan& plan, const FrontendInput& input) {
  const std::string& name = plan.epoch_source;
  if (name.empty()) return std::nullopt;
  if (name == "context") return graph::LocalSource{input.default_context};
  if (const NamedContext* context = find_context(input, name)) return context_source(name, *context);
  auto found = plan.stages_by_name.find(base::to_lower(name));
  if (found == plan.stages_by_name.end()) return std::nullopt;
  return stage_source(plan, plan.stages[static_cast<std::size_t>(found->second)]);
}

}  // namespace cooper::dockerfile
