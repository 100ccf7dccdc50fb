// Plan → graph and config: bases resolved in rounds, then stage by stage in the file's order.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/text.h"
#include "dockerfile/frontend.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/lowering.h"
#include "dockerfile/paths.h"
#include "dockerfile/quote.h"
#include "graph/url.h"
#include "oci/reference.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

oci::ImageConfig empty_image(const oci::Platform& platform) {
  oci::ImageConfig image;
  image.platform = platform;
  image.config.working_dir = "/";
  if (platform.os != "windows") {
    image.config.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  }
  return image;
}

std::string canonical_name(const std::string& name) {
  if (!name.empty() && name.back() == ':') {
    throw failure(fmt::format("base '{}' ends without a tag", name))
        .hint("give the ARG behind ':' a default, or pass it with --build-arg");
  }
  try {
    return oci::Reference::parse(name).str();
  } catch (const base::Error& error) {
    throw failure(fmt::format("base '{}' is no image name: {}", name, reason_of(error))).hint(error.hint());
  }
}

bool is_predefined(const std::string& name) {
  static const std::set<std::string> kNames = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
                                               "NO_PROXY",   "ALL_PROXY",   "SOURCE_DATE_EPOCH"};
  std::string upper = base::to_upper(name);
  if (kNames.count(upper) > 0 || name.substr(0, 9) == "BUILDKIT_") return true;
  std::string_view rest = name;
  if (rest.substr(0, 5) != "BUILD" && rest.substr(0, 6) != "TARGET") return false;
  rest.remove_prefix(rest[0] == 'B' ? 5 : 6);
  return rest == "PLATFORM" || rest == "OS" || rest == "OSVERSION" || rest == "ARCH" || rest == "VARIANT" ||
         rest == "STAGE";
}

}  // namespace

const NamedContext* find_context(const FrontendInput& input, const std::string& name) {
  if (base::to_lower(name) == "scratch" || base::to_lower(name) == "context") return nullptr;
  std::string key = context_key(name);
  for (const auto& [given, context] : input.named_contexts) {
    if (context_key(given) == key) return &context;
  }
  return nullptr;
}

std::optional<graph::Op> context_source(const std::string& name, const NamedContext& context) {
  switch (context.kind) {
    case NamedContext::Kind::kLocal:
      return graph::LocalSource{context.value};
    case NamedContext::Kind::kHttp:
      return graph::HttpSource{context.value, kHttpContextFile, std::nullopt};
    case NamedContext::Kind::kGit: {
      auto git = parse_git_ref(context.value, true);
      if (!git)
        throw failure(fmt::format("named context '{}' is no git repository: '{}'", name, context.value));
      return graph::GitSource{git->remote,
                              git->ref,
                              git->subdir,
                              git->checksum,
                              git->keep_git_dir.value_or(false),
                              git->submodules.value_or(true)};
    }
    case NamedContext::Kind::kImage:
    case NamedContext::Kind::kVertex:
      break;
  }
  return std::nullopt;
}

int Lowering::add_source(std::size_t index, graph::Op op, const std::string& name) {
  graph::Vertex vertex;
  vertex.op = std::move(op);
  vertex.platform = states_[index].platform;
  vertex.info.name = name;
  vertex.info.stage = stage(index).name;
  vertex.info.instruction = stage(index).code;
  vertex.info.range.file = plan_.source->filename;
  vertex.info.range.start_line = stage(index).lines.first;
  vertex.info.range.end_line = stage(index).lines.last;
  return definition_.add(std::move(vertex));
}

// Takes over a base's config, without what the reference's types do not know and what does not carry over.
void Lowering::use_config(std::size_t index, oci::ImageConfig config) {
  StageState& state = states_[index];
  state.image = std::move(config);
  state.image.created.clear();
  state.image.unknown.clear();
  state.image.config.unknown.clear();
  state.base_layers = state.image.diff_ids.size();
  state.base_history = state.image.history.size();
}

void Lowering::use_context(std::size_t index, const std::string& name, const NamedContext& context) {
  StageState& state = states_[index];
  state.platform = stage(index).platform.value_or(plan_.target_platform);
  use_config(index, context.config.value_or(empty_image(state.platform)));
  std::string shown = "[context " + name + "]";
  if (context.kind == NamedContext::Kind::kVertex) {
    state.vertex = context.vertex;
    return;
  }
  std::optional<graph::Op> op = context_source(name, context);
  if (!op) return;  // an image, asked of the resolver
  bool is_local = context.kind == NamedContext::Kind::kLocal;
  shown += is_local ? " load" : " " + graph::without_credentials(context.value);
  state.vertex = add_source(index, std::move(*op), shown);
  state.is_context = true;
}

void Lowering::resolve_stage(std::size_t index, bool needed) {
  StageState& state = states_[index];
  state.resolved = needed;
  state.platform = stage(index).platform.value_or(plan_.target_platform);
  if (stage(index).is_scratch()) {
    use_config(index, empty_image(plan_.target_platform));
    state.platform = plan_.target_platform;
    state.resolved = true;
    state.dispatched = stage(index).image_only;
    return;
  }
  // A name that is not valid is an error in stages that nothing needs, too.
  bool is_context = !stage(index).context.empty();
  std::string name = is_context ? stage(index).context : stage(index).header.base;
  std::string canonical = is_context ? name : canonical_name(name);
  if (!needed) return;
  const NamedContext* context = find_context(input_, name);
  if (context != nullptr && context->kind != NamedContext::Kind::kImage) {
    use_context(index, name, *context);
    state.dispatched = is_context || stage(index).image_only;
    return;
  }
  BaseRequest request{context != nullptr ? context->value : canonical, state.platform, stage(index).lines};
  pending_.push_back({index, std::move(request)});
}

std::vector<BaseRequest> Lowering::next_round() {
  pending_.clear();
  states_.resize(plan_.stages.size());
  outlines_.resize(plan_.stages.size());
  std::vector<bool> needed = reachable();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (stage(i).base != kNoStage || states_[i].dispatched || states_[i].resolved) continue;
    try {
      resolve_stage(i, needed[i]);
    } catch (base::Error& error) {
      throw located(error, *plan_.source, stage(i).lines);
    }
  }
  std::vector<BaseRequest> requests;
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (Pending& pending : pending_) {
    auto [entry, is_new] = known.emplace(
        std::pair(pending.request.reference, pending.request.platform.full_str()), requests.size());
    if (is_new) requests.push_back(pending.request);
    pending.answer = entry->second;
  }
  return requests;
}

void Lowering::use_image(std::size_t index, ResolvedImage image) {
  StageState& state = states_[index];
  if (!stage(index).platform && !input_.target_platform) {
    // Without a --platform the image's own platform counts, if it is one that can be built for.
    const oci::Platform& own = image.config.platform;
    if (own.os == plan_.build_platform.os && own.architecture == plan_.build_platform.architecture) {
      state.platform = plan_.build_platform;
    }
  }
  std::string shown = image.reference;
  if (shown.find('@') == std::string::npos && !image.manifest_digest.empty()) {
    shown += "@" + image.manifest_digest.str();
  }
  bool no_layers = image.config.diff_ids.empty() &&
                   std::all_of(image.config.history.begin(), image.config.history.end(),
                               [](const oci::History& entry) { return entry.empty_layer; });
  if (image.vertex) {
    state.vertex = *image.vertex;
  } else if (!no_layers) {
    int step = 0;
    std::string name = step_prefix(stage(index), step, input_, state.platform, {}, false) + "FROM " + shown;
    state.vertex =
        add_source(index, graph::ImageSource{image.reference, image.manifest_digest, state.platform}, name);
  }
  base_images_.emplace_back(shown, state.vertex);
  if (!no_layers) {
    LintScope scope(plan_.linter.get(), stage(index).comments);
    const oci::Platform& actual = image.config.platform;
    if (state.platform.os != actual.os || state.platform.architecture != actual.architecture) {
      plan_.linter->report(
          Rule::kInvalidBaseImagePlatform, stage(index).lines,
          fmt::format("Base image {} was pulled with platform {}, expected {} for current build",
                      stage(index).header.base, quote(oci::normalize(actual).str()),
                      quote(oci::normalize(state.platform).str())));
    }
  }
  use_config(index, std::move(image.config));
  state.dispatched = stage(index).image_only || !stage(index).context.empty();
}

// Its own lines mean nothing here.
Ast Lowering::parse_trigger(const std::string& expression) const {
  try {
    return parse(expression, plan_.source->filename);
  } catch (const base::Error& error) {
    throw base::Error(error.kind(), "ONBUILD trigger: " + error.message()).hint(error.hint());
  }
}

bool Lowering::add_trigger(std::size_t index, const std::string& expression) {
  constexpr std::size_t kOverhead = 1024;
  budget_.spend(expression.size() + kOverhead);
  Ast trigger = parse_trigger(expression);
  if (trigger.nodes.size() != 1)
    throw failure(fmt::format("ONBUILD trigger '{}' is not one instruction", expression));
  Node& node = trigger.nodes[0];
  node.lines = stage(index).lines;
  Instruction instruction = read_instruction(node, nullptr);
  if (std::holds_alternative<From>(instruction.body)) throw failure("ONBUILD cannot trigger 'FROM'");
  add_command(plan_, static_cast<int>(index), std::move(instruction), true);
  return !stage(index).commands.back().sources.empty();
}

// Prepends the triggers of bases; true when they read stages or images that were not needed before.
bool Lowering::add_triggers() {
  bool new_sources = false;
  std::vector<bool> needed = reachable();
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i] || states_[i].triggers_added) continue;
    // What is only read from builds nothing; its triggers could name new images without end.
    if (stage(i).image_only || !stage(i).context.empty()) {
      states_[i].image.config.on_build.clear();
      continue;
    }
    // With the lines that an error is shown at: where the trigger is written, or where its image is named.
    std::vector<std::pair<std::string, Lines>> expressions;
    if (stage(i).base == kNoStage) {
      for (std::string& expression : states_[i].image.config.on_build)
        expressions.emplace_back(std::move(expression), stage(i).lines);
      states_[i].image.config.on_build.clear();
      states_[i].triggers_added = states_[i].resolved;
    } else {
      states_[i].triggers_added = true;
      for (const PlanCommand& command : stage(static_cast<std::size_t>(stage(i).base)).commands) {
        const auto* onbuild = std::get_if<OnBuild>(&command.instruction->body);
        if (onbuild != nullptr) expressions.emplace_back(onbuild->expression, command.instruction->lines);
      }
    }
    if (expressions.empty()) continue;
    std::vector<PlanCommand> own = std::move(stage(i).commands);
    stage(i).commands.clear();
    for (const auto& [expression, lines] : expressions) {
      try {
        new_sources |= add_trigger(i, expression);
      } catch (base::Error& error) {
        throw located(error, *plan_.source, lines);
      }
    }
    stage(i).command_total += static_cast<int>(expressions.size());
    for (PlanCommand& command : own) stage(i).commands.push_back(std::move(command));
  }
  return new_sources;
}

void Lowering::dispatch_stage(std::size_t index) {
  StageState& state = states_[index];
  if (stage(index).base != kNoStage) {
    auto base = static_cast<std::size_t>(stage(index).base);
    budget_.spend(states_[base].cost());
    state = states_[base];
    state.image.config.on_build.clear();
    state.triggers_added = true;
  }
  LowerContext context{input_, plan_, definition_, states_, outlines_, budget_};
  StageBuilder builder(context, static_cast<int>(index));
  builder.start();
  for (const PlanCommand& command : stage(index).commands) {
    try {
      builder.run(command);
    } catch (base::Error& error) {
      throw located(error, *plan_.source, command.instruction->lines);
    }
  }
  state.dispatched = true;
}

void Lowering::dispatch() {
  std::vector<bool> needed = reachable();
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i] || states_[i].dispatched) continue;
    if (stage(i).base != kNoStage) states_[i].dispatched = false;
    dispatch_stage(i);
  }
}

void Lowering::finish_platform(oci::ImageConfig& image) const {
  if (input_.target_platform) {
    const oci::Platform& target = plan_.target_platform;
    bool same = target.os == image.platform.os && target.architecture == image.platform.architecture;
    image.platform.os = target.os;
    image.platform.architecture = target.architecture;
    if (!target.variant.empty() || !same) image.platform.variant = target.variant;
    if (!target.os_version.empty() || !same) image.platform.os_version = target.os_version;
    if (!target.os_features.empty()) image.platform.os_features = target.os_features;
  }
  image.platform = oci::normalize(image.platform);
}

void Lowering::finish(Lowered& lowered) {
  auto target = static_cast<std::size_t>(plan_.target);
  StageState& state = states_[target];
  lowered.root = state.vertex;
  if (state.is_context) {
    graph::CopyAction copy;
    copy.input = 1;
    copy.sources = {"/"};
    copy.destination = "/";
    graph::Vertex vertex;
    vertex.op = graph::File{{copy}};
    vertex.inputs = {graph::kScratch, state.vertex};
    vertex.platform = state.platform;
    vertex.info.name = "[internal] copy context " + stage(target).name;
    lowered.root = definition_.add(std::move(vertex));
  }
  lowered.config = std::move(state.image);
  for (const auto& [key, value] : input_.labels) lowered.config.config.labels[key] = value;
  finish_platform(lowered.config);
  lowered.base_layers = state.base_layers;
  lowered.base_history = state.base_history;
  lowered.layer_vertices = std::move(state.layer_vertices);
  lowered.stage_name = stage(target).name;
  lowered.source_date_epoch = plan_.source_date_epoch;
  lowered.base_images = std::move(base_images_);
}

Lowered Lowering::run(ImageResolver& resolver) {
  do {
    std::vector<BaseRequest> requests = next_round();
    std::vector<ResolvedImage> images;
    if (!requests.empty()) images = resolve_bases(resolver, requests);
    if (images.size() != requests.size()) {
      throw base::Error(base::ErrorKind::kInternal, "image resolver answered another number of images");
    }
    for (const Pending& pending : pending_) {
      use_image(pending.stage, images[pending.answer]);
    }
  } while (add_triggers());
  dispatch();
  Lowered lowered;
  finish(lowered);
  lowered.warnings = plan_.linter->warnings();
  return lowered;
}

std::vector<BaseRequest> bases_needed(const Plan& plan, const FrontendInput& input) {
  graph::Definition scratch;
  return Lowering(plan, input, scratch).next_round();
}

Lowered lower(const Plan& plan, const FrontendInput& input, ImageResolver& resolver,
              graph::Definition& definition) {
  Lowered lowered = Lowering(plan, input, definition).run(resolver);
  // Shown at the first of them.
  if (auto failure = plan.linter->failure())
    throw located(*failure, *plan.source, plan.linter->warnings().front().lines);
  for (const auto& [name, value] : input.build_args) {
    if (plan.consumed_args.count(name) == 0 && !is_predefined(name))
      lowered.unused_build_args.push_back(name);
  }
  return lowered;
}

CheckResult check(std::string_view text, const std::string& filename, FrontendInput input,
                  ImageResolver& resolver) {
  CheckResult result;
  input.all_stages = input.target.empty();
  input.on_warning = [&](const LintWarning& warning) { result.warnings.push_back(warning); };
  try {
    Plan plan = resolve(parse(text, filename), input);
    graph::Definition definition;
    lower(plan, input, resolver, definition);
  } catch (const base::Error& error) {
    result.error = error;
  }
  return result;
}

}  // namespace cooper::dockerfile
