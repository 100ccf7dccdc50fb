#include "build/build.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <set>

#include "base/cancellation.h"
#include "build/base_images.h"
#include "build/caches.h"
#include "build/entitlements.h"
#include "build/epoch.h"
#include "build/fetching.h"
#include "build/findings.h"
#include "build/frontend_input.h"
#include "build/image_shape.h"
#include "build/image_times.h"
#include "build/key_agent.h"
#include "build/open_context.h"
#include "build/outputs.h"
#include "build/push_check.h"
#include "build/results.h"
#include "cache/records.h"
#include "dockerfile/frontend.h"
#include "graph/definition.h"
#include "image/sealer.h"
#include "ops/cache_index.h"
#include "ops/farms.h"
#include "ops/remote_source.h"
#include "ops/results.h"
#include "ops/runner.h"
#include "ops/selection_memo.h"
#include "solver/scheduler.h"

namespace cooper::build {
namespace {

constexpr std::size_t kSealWorkers = 4;

// Which steps give the image its layers.
class ImageSteps {
 public:
  void add(const dockerfile::Lowered& image) {
    steps_.insert(image.layer_vertices.begin(), image.layer_vertices.end());
    steps_.insert(image.root);
  }
  bool contain(int vertex) const { return steps_.contains(vertex); }

 private:
  std::set<int> steps_;
};

// Counts steps, and starts sealing (and with it pushing) as soon as a layer of the final image exists.
class Watcher final : public solver::SolveObserver {
 public:
  Watcher(const graph::Definition& definition, const ImageSteps& image_steps)
      : definition_(definition), image_steps_(image_steps) {}

  // Null: nothing is sealed.
  void seal_with(image::Sealer* sealer) { sealer_ = sealer; }

  void on_result(int vertex, const solver::ResultPtr& result, bool cached) override {
    const graph::Op& op = definition_.vertices[static_cast<std::size_t>(vertex)].op;
    bool is_step = std::holds_alternative<graph::File>(op) || std::holds_alternative<graph::Exec>(op);
    if (is_step) (cached || ops::stack_result(result).is_shared ? cached_ : run_).insert(vertex);
    if (sealer_ == nullptr || !image_steps_.contain(vertex)) return;
    for (const snapshot::LayerPtr& layer : ops::stack_of(result)) sealer_->start(layer);
  }

  int steps_run() const { return static_cast<int>(run_.size()); }
  // One that ran and was then found again, when the build was solved a second time, ran.
  int steps_cached() const {
    return static_cast<int>(
        std::count_if(cached_.begin(), cached_.end(), [&](int vertex) { return !run_.contains(vertex); }));
  }

 private:
  const graph::Definition& definition_;
  const ImageSteps& image_steps_;
  image::Sealer* sealer_ = nullptr;
  std::set<int> run_;
  std::set<int> cached_;
};

class Build {
 public:
  Build(const BuildRequest& request, Toolbox& tools, const std::stop_token& stop)
      : request_(request),
        tools_(tools),
        stop_(stop),
        pool_(std::thread::hardware_concurrency()),
        layers_(tools.store, tools.form, pool_),
        farms_(layers_),
        bases_(tools, layers_, pool_, stop),
        agents_(request.ssh_sockets, request.ssh_keys,
                [store = tools.store] { return store->make_temp("ssh-"); }),
        fetching_(request, tools, agents_, stop),
        findings_(tools.on_finding) {}

  BuildResult run() {
    // Refuse what is asked for wrongly, before anything is fetched.
    caches_ = std::make_unique<BuildCaches>(request_, tools_, layers_, pool_, bases_.places(), warner());
    PushCheck push_check(request_.check_push ? push_targets(request_) : std::vector<oci::Reference>(),
                         tools_.registry, stop_);
    // Read the Dockerfile and look at what it may copy from.
    context_ = open_context(
        request_, {tools_, fetching_.http, fetching_.git, bases_, layers_, pool_, std::time(nullptr)}, stop_);
    accept_frontend(request_, context_, *tools_.events);
    dockerfile::Ast ast = dockerfile::parse(context_.dockerfile_text, context_.dockerfile_name);
    settle_epoch(ast);
    // Stages, arguments, bases pinned to digests; a graph and an image config per platform.
    for (const oci::Platform& platform : target_platforms(request_)) lower(ast, platform);
    for (const std::string& target : request_.further_targets) lower_further(ast, target);
    require_entitlements(definition_, roots(), request_);
    caches_->mounts().check_ids(definition_);
    push_check.wait();
    if (tools_.on_plan) {
      tools_.on_plan(graph::print(definition_));
      return {};
    }
    // Beyond this point there are no Dockerfile terms.
    for (const dockerfile::Lowered& lowered : lowered_) image_steps_.add(lowered);
    ops::Services services = make_services();
    ops::CacheIndex index(services);
    Watcher watcher(definition_, image_steps_);
    while (true) {
      try {
        BuildResult result = attempt(services, index, watcher);
        write_result_files(request_, result);
        return result;
      } catch (const base::Error& error) {
        // A cache that promised a layer and cannot give it: the build goes on without that record.
        std::vector<std::string> lost = index.exclude_lost();
        if (lost.empty() || error.kind() == base::ErrorKind::kCancelled) throw;
        for (const std::string& line : lost) {
          warn(tools_, fmt::format("{}, making it anew: {}", line, error.summary()));
        }
      }
    }
  }

  // A step that fails knows its lines; what of them the error is about is only found in the text. Of a RUN
  // that failed it is the whole.
  base::Error placed(base::Error error) const {
    if (!error.range() || error.kind() == base::ErrorKind::kRunFailed) return error;
    dockerfile::Source source{context_.dockerfile_name, context_.dockerfile_text};
    return dockerfile::located(error, source, {error.range()->start_line, error.range()->end_line});
  }

 private:
  // Solve, assemble, export. Layers of the final image are sealed and handed to the outputs, and results to
  // the caches, while later steps run.
  BuildResult attempt(ops::Services& services, ops::CacheIndex& index, Watcher& watcher) {
    Outputs outputs = open_outputs(request_, {tools_, layers_, pool_, bases_.places()}, epochs());
    caches_->settle_compression(outputs);
    std::unique_ptr<image::Sealer> sealer = make_sealer(outputs);
    // Layers that are put together later are no image's.
    watcher.seal_with(request_.shape.is_as_built() ? sealer.get() : nullptr);
    CacheExports exports(
        caches_->exports(),
        [&](const CacheExports::Step& step, const std::stop_token& stop) {
          const bool is_the_images = step.of_the_image && request_.shape.is_as_built();
          if (is_the_images && sealer != nullptr) return sealer->wait(step.layer, stop);
          return layers_.seal(*step.layer, outputs.seal, nullptr, stop);
        },
        warner());
    listen(services, outputs, exports);
    try {
      std::vector<solver::ResultPtr> results = solve(services, index, watcher);
      caches_->mounts().start_saving();
      exporter::BuiltImages built = assemble(results, outputs, sealer.get());
      BuildResult result = describe(built, outputs);
      for (const auto& exporter : outputs.exporters) result.written.push_back(exporter->finish(built, stop_));
      for (std::string& line : caches_->mounts().finish_saving(stop_))
        result.written.push_back(std::move(line));
      for (std::string& line : exports.finish(stop_)) result.written.push_back(std::move(line));
      caches_->finish_places();
      index.keep_found(stop_);
      result.steps_run = watcher.steps_run();
      result.steps_cached = watcher.steps_cached();
      return result;
    } catch (const base::Error& error) {
      // What was done before a step failed is worth keeping.
      if (error.kind() != base::ErrorKind::kCancelled && !index.any_lost()) {
        caches_->mounts().save_after_failure(stop_);
        exports.finish_after_failure(stop_);
        caches_->finish_places();
      }
      throw;
    }
  }

  // SOURCE_DATE_EPOCH may name what gives the time; ARGs and history show the number.
  void settle_epoch(const dockerfile::Ast& ast) {
    if (request_.epoch) return;
    dockerfile::FrontendInput input = frontend_input(request_, context_, target_platforms(request_).front());
    dockerfile::Plan plan = dockerfile::resolve(ast, input);
    if (plan.epoch_source.empty()) return;
    if (auto source = dockerfile::epoch_source(plan, input)) {
      named_epoch_ = time_of(*source, context_, fetching_.source_of(*source), stop_);
    }
    if (!named_epoch_) {
      warn(tools_,
           fmt::format("SOURCE_DATE_EPOCH names '{}', which has no time of its own", plan.epoch_source));
    }
  }

  void lower(const dockerfile::Ast& ast, const oci::Platform& platform) {
    dockerfile::FrontendInput input = frontend_input(request_, context_, platform);
    if (named_epoch_) input.build_args["SOURCE_DATE_EPOCH"] = fmt::format("{}", *named_epoch_);
    input.on_warning = [this](const dockerfile::LintWarning& warning) {
      findings_.add(context_.dockerfile_name, warning);
    };
    lowered_.push_back(dockerfile::lower(dockerfile::resolve(ast, input), input, bases_, definition_));
  }

  // Beside the image: nothing of it is exported.
  void lower_further(const dockerfile::Ast& ast, const std::string& target) {
    dockerfile::FrontendInput input = frontend_input(request_, context_, target_platforms(request_).front());
    if (named_epoch_) input.build_args["SOURCE_DATE_EPOCH"] = fmt::format("{}", *named_epoch_);
    input.target = target;
    const int root = dockerfile::lower(dockerfile::resolve(ast, input), input, bases_, definition_).root;
    if (root != graph::kScratch) further_roots_.push_back(root);
  }

  std::optional<std::int64_t> epoch() const {
    if (request_.epoch) return request_.epoch;
    if (lowered_.front().source_date_epoch) return lowered_.front().source_date_epoch;
    return context_.commit_time;
  }

  // Times of image and files, where no output has its own.
  Epochs epochs() const {
    const std::optional<std::int64_t> time = epoch();
    const bool is_asked_for = request_.epoch || lowered_.front().source_date_epoch;
    if (!time || is_asked_for) return {time, time};
    return {time, steady_file_time(*time, lowered_, definition_, bases_)};
  }

  cache::Warn warner() {
    return [this](const std::string& text) { warn(tools_, text); };
  }

  ops::Services make_services() {
    ops::Services services;
    caches_->fill(services);
    services.definition = &definition_;
    services.mounted = graph::mounted_vertices(definition_);
    services.layers = &layers_;
    services.pool = &pool_;
    services.events = tools_.events;
    services.selections = &selections_;
    services.http_sources = &fetching_.http;
    services.git_sources = &fetching_.git;
    services.flights = tools_.flights;
    services.launcher = tools_.launcher;
    services.no_launcher_reason = tools_.no_launcher_reason;
    if (sandbox::has_stub(tools_.tier)) services.farms = &farms_;
    services.contexts = context_.trees;
    services.images = bases_.stacks();
    services.epoch = epoch();
    services.now = std::time(nullptr);
    services.explain = tools_.explain;
    services.secret = [this](const std::string& id) { return find_secret(request_, id); };
    services.ssh_socket = [this](const std::string& id) { return agents_.socket_of(id, stop_); };
    return services;
  }

  // What outputs and caches hear of steps.
  void listen(ops::Services& services, Outputs& outputs, CacheExports& exports) {
    services.on_run = [this, &outputs](int vertex) {
      if (!image_steps_.contain(vertex)) return;
      for (const auto& exporter : outputs.exporters) exporter->expect_new_image();
    };
    services.on_record = [this, &exports](int vertex, const cache::Record& record,
                                          const snapshot::LayerPtr& layer, const std::string& origin) {
      caches_->hear(vertex, record, layer, origin);
      exports.offer({record, layer, origin, image_steps_.contain(vertex)});
    };
  }

  std::unique_ptr<image::Sealer> make_sealer(Outputs& outputs) {
    if (!outputs.needs_image()) return nullptr;
    auto receivers = [&outputs](const snapshot::LayerPtr& layer, const std::stop_token& stop) {
      image::Sealer::Receivers all;
      for (const auto& exporter : outputs.exporters) {
        if (auto receiver = exporter->receive_layer(layer, stop)) all.push_back(std::move(receiver));
      }
      return all;
    };
    return std::make_unique<image::Sealer>(layers_, outputs.seal, receivers, kSealWorkers);
  }

  std::vector<int> roots() const {
    std::vector<int> roots;
    for (const dockerfile::Lowered& lowered : lowered_) {
      if (lowered.root != graph::kScratch) roots.push_back(lowered.root);
    }
    roots.insert(roots.end(), further_roots_.begin(), further_roots_.end());
    return roots;
  }

  std::vector<solver::ResultPtr> solve(ops::Services& services, ops::CacheIndex& index, Watcher& watcher) {
    ops::Runner runner(services);
    solver::Limits limits;
    limits.exec = request_.max_parallelism;
    std::vector<solver::ResultPtr> found =
        solver::solve(definition_, roots(), runner, index, watcher, *tools_.events, limits, stop_);
    std::vector<solver::ResultPtr> results;
    for (std::size_t i = 0, next = 0; i < lowered_.size(); ++i) {
      results.push_back(lowered_[i].root == graph::kScratch ? nullptr : found[next++]);
    }
    return results;
  }

  exporter::BuiltImages assemble(const std::vector<solver::ResultPtr>& results, const Outputs& outputs,
                                 image::Sealer* sealer) {
    image::AssembleOptions options;
    options.epoch = outputs.epoch;
    options.now = std::time(nullptr);
    options.docker_media_types = outputs.docker_media_types;
    options.annotations = request_.annotations;
    exporter::BuiltImages built;
    for (std::size_t i = 0; i < lowered_.size(); ++i) {
      const ops::StackResult& stack = ops::stack_result(results[i]);
      std::vector<image::ImageLayer> layers;
      for (std::size_t k = 0; k < stack.stack.size(); ++k)
        layers.push_back({stack.stack[k], {}, stack.created[k]});
      oci::ImageConfig config = lowered_[i].config;
      if (!request_.shape.is_as_built()) {
        shape_layers(request_.shape, lowered_[i].base_layers, lowered_[i].base_history, layers, config,
                     layers_, pool_, stop_);
      }
      if (sealer == nullptr) {
        image::Image tree_only;
        tree_only.config = std::move(config);
        tree_only.layers = std::move(layers);
        built.images.push_back(std::move(tree_only));
        continue;
      }
      for (image::ImageLayer& layer : layers) layer.sealed = sealer->wait(layer.layer, stop_);
      if (request_.shape.is_as_built())
        caches_->add_inline_records(lowered_[i].layer_vertices, layers, config);
      built.images.push_back(image::assemble(std::move(config), std::move(layers), options));
    }
    built.multi_platform = is_multi_platform(request_);
    if (sealer != nullptr && built.multi_platform) {
      built.index = image::join(built.images, options);
      built.index_descriptor_annotations =
          image::annotations_at(options.annotations, image::AnnotationPlace::kIndexDescriptor);
    }
    return built;
  }

  BuildResult describe(const exporter::BuiltImages& built, const Outputs& outputs) const {
    BuildResult result;
    result.unused_build_args = lowered_.back().unused_build_args;
    if (!outputs.needs_image()) return result;
    result.image = built.target();
    if (!built.multi_platform) result.config_digest = built.images.front().manifest.config.digest;
    for (const image::Image& image : built.images) {
      if (built.multi_platform)
        result.platforms[image.config.platform.str()] = image.manifest.descriptor().digest;
      for (const image::ImageLayer& layer : image.layers) result.image_size += layer.sealed.blob.size;
    }
    return result;
  }

  const BuildRequest& request_;
  Toolbox& tools_;
  std::stop_token stop_;
  base::ThreadPool pool_;
  snapshot::LayerStore layers_;
  ops::Farms farms_;
  BaseImages bases_;
  SshAgents agents_;
  Fetching fetching_;
  OpenedContext context_;
  std::optional<std::int64_t> named_epoch_;  // the time of what SOURCE_DATE_EPOCH names
  graph::Definition definition_;
  std::vector<dockerfile::Lowered> lowered_;
  std::vector<int> further_roots_;
  Findings findings_;
  ops::SelectionMemo selections_;
  ImageSteps image_steps_;
  std::unique_ptr<BuildCaches> caches_;
};

}  // namespace

BuildResult run_build(const BuildRequest& request, Toolbox& tools, const std::stop_token& stop) {
  Build build(request, tools, stop);
  try {
    return build.run();
  } catch (base::Error& error) {
    throw build.placed(std::move(error));
  }
}

}  // namespace cooper::build
