#include "ops/runner.h"

#include <ctime>

#include "base/encoder.h"
#include "base/error.h"
#include "cache/explain.h"
#include "ops/cache_index.h"
#include "ops/exec.h"
#include "ops/file.h"
#include "ops/keys.h"
#include "ops/remote_source.h"
#include "ops/results.h"
#include "ops/step_flights.h"

namespace cooper::ops {
namespace {

using solver::ResultPtr;

ResultPtr on_top(const ResultPtr& base, snapshot::LayerPtr layer, std::int64_t created) {
  auto result = std::make_shared<StackResult>(stack_result(base));
  result->stack.push_back(std::move(layer));
  result->created.push_back(created);
  result->is_shared = false;
  return result;
}

ResultPtr merge(std::span<const ResultPtr> inputs) {
  auto result = std::make_shared<StackResult>(stack_result(inputs[0]));
  const StackResult& above = stack_result(inputs[1]);
  result->stack.insert(result->stack.end(), above.stack.begin(), above.stack.end());
  result->created.insert(result->created.end(), above.created.begin(), above.created.end());
  return result;
}

ResultPtr image_layers(const snapshot::LayerStack& stack) {
  auto result = std::make_shared<StackResult>();
  result->stack = stack;
  result->created.resize(stack.size());
  return result;
}

}  // namespace

// "[builder 2/5] RUN make" gives "builder 2": the total changes when steps are added below.
std::string step_id(const graph::Vertex& vertex) {
  const std::string& name = vertex.info.name;
  std::string place = name.starts_with('[') ? name.substr(1, name.find_first_of("/]") - 1) : name;
  base::Encoder encoder;
  encoder.field("place", place).field("op", static_cast<std::int64_t>(vertex.op.index()));
  return encoder.field("platform", vertex.platform.full_str()).digest().hex();
}

const graph::Vertex& Runner::vertex(int index) const {
  return services_.definition->vertices[static_cast<std::size_t>(index)];
}

bool Runner::cacheable(int index) const {
  const graph::Op& op = vertex(index).op;
  return std::holds_alternative<graph::File>(op) || std::holds_alternative<graph::Exec>(op);
}

solver::ResourceClass Runner::resource_class(int index) const {
  const graph::Op& op = vertex(index).op;
  if (std::holds_alternative<graph::Exec>(op)) return solver::ResourceClass::kExec;
  if (std::holds_alternative<graph::File>(op)) return solver::ResourceClass::kCpu;
  return solver::ResourceClass::kNetwork;
}

std::chrono::milliseconds Runner::expected_duration(int index) const {
  if (!cacheable(index)) return std::chrono::milliseconds(1);
  bool exec = std::holds_alternative<graph::Exec>(vertex(index).op);
  if (exec) {
    if (auto record = services_.records->last_of_step(step_id(vertex(index)), {})) {
      return std::chrono::milliseconds(record->duration_ms);
    }
  }
  return std::chrono::milliseconds(exec ? 2000 : 50);
}

solver::Key Runner::definition_key(int index, std::span<const base::Digest> inputs,
                                   const std::stop_token& stop) {
  return ops::definition_key(index, inputs, services_, stop);
}

std::optional<solver::Key> Runner::content_key(int index, std::span<const base::Digest> stable_inputs,
                                               std::span<const ResultPtr> inputs,
                                               const std::stop_token& stop) {
  if (selects_content(vertex(index), *services_.definition)) {
    return ops::content_key(index, stable_inputs, inputs, services_, stop);
  }
  return ops::definition_key(index, stable_inputs, services_, stop);
}

ResultPtr Runner::load(int index, const solver::CacheHit& hit, const ResultPtr& base,
                       const std::stop_token& stop) {
  const auto& found = *static_cast<const FoundLayer*>(hit.record.get());
  // Reads and verifies the index of a layer that was made here: a damaged one throws now, while the step can
  // still be run instead. One that was made elsewhere is fetched when something needs its bytes.
  if (!found.layer->origin()) services_.layers->materialize(*found.layer, stop);
  if (services_.on_record) services_.on_record(index, found.record, found.layer, found.origin);
  return on_top(base, found.layer, found.record.created);
}

ResultPtr Runner::run(int index, std::span<const ResultPtr> inputs, const solver::Key& key,
                      const std::optional<solver::Key>& content_key, const std::stop_token& stop) {
  const graph::Op& op = vertex(index).op;
  if (const auto* image = std::get_if<graph::ImageSource>(&op)) {
    return image_layers(services_.images.at(image->manifest_digest));
  }
  if (const auto* local = std::get_if<graph::LocalSource>(&op)) {
    return std::make_shared<TreeResult>(services_.contexts.at(local->name));
  }
  if (RemoteSource* source = find_remote_source(op, services_)) {
    return std::make_shared<TreeResult>(source->open(op, stop));
  }
  if (std::holds_alternative<graph::Merge>(op)) return merge(inputs);

  std::optional<StepFlights::Ticket> ticket;
  if (services_.flights != nullptr && !vertex(index).info.ignore_cache) {
    ticket.emplace(services_.flights->enter(key.digest, stop));
    // Another build of this process may just have done the same step.
    if (ResultPtr made = find_made(index, inputs, key, stop)) return made;
  }
  if (services_.on_run) services_.on_run(index);
  if (services_.explain) explain(index, key, stop);
  base::Clock::time_point begin = base::Clock::now();
  snapshot::LayerPtr layer = make_layer(index, inputs, stop);
  cache::Record record;
  record.key = key.digest;
  if (content_key) record.content_key = content_key->digest;
  record.step = vertex(index).info.instruction;
  record.step_id = step_id(vertex(index));
  record.layer_id = layer->id();
  record.created = std::time(nullptr);
  record.duration_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(base::Clock::now() - begin).count();
  record.ingredients = key.ingredients;
  remember(record, stop);
  if (services_.on_record) services_.on_record(index, record, layer, "");
  return on_top(inputs.empty() ? nullptr : inputs[0], std::move(layer), record.created);
}

// What another build has recorded since this one looked.
ResultPtr Runner::find_made(int index, std::span<const ResultPtr> inputs, const solver::Key& key,
                            const std::stop_token& stop) {
  std::optional<cache::Record> record = services_.records->find(key.digest, stop);
  if (!record) return nullptr;
  snapshot::LayerPtr layer = find_local_layer(*record, *services_.layers);
  if (layer == nullptr) return nullptr;
  services_.layers->materialize(*layer, stop);
  if (services_.on_record) services_.on_record(index, *record, layer, "");
  auto result = std::make_shared<StackResult>(
      stack_result(on_top(inputs.empty() ? nullptr : inputs[0], std::move(layer), record->created)));
  result->is_shared = true;
  return result;
}

snapshot::LayerPtr Runner::make_layer(int index, std::span<const ResultPtr> inputs,
                                      const std::stop_token& stop) {
  const graph::Op& op = vertex(index).op;
  snapshot::LayerPtr layer;
  if (const auto* exec = std::get_if<graph::Exec>(&op)) {
    layer = run_exec(index, *exec, inputs, services_, stop);
  } else {
    layer = run_file(index, std::get<graph::File>(op), inputs, services_, stop);
  }
  // A step that changed nothing still is a layer of the image, an empty one, as BuildKit has it.
  if (layer == nullptr) layer = services_.layers->commit(services_.layers->begin(), snapshot::LayerIndex());
  return layer;
}

// A result that cannot be recorded costs time in the next build, and nothing in this one.
void Runner::remember(const cache::Record& record, const std::stop_token& stop) {
  try {
    services_.records->put(record, stop);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) return;  // the build ends, and says why
    base::Event event;
    event.kind = base::Event::Kind::kWarning;
    event.text = "cannot record the result of '" + record.step + "': " + error.summary();
    services_.events->emit(std::move(event));
  }
}

void Runner::explain(int index, const solver::Key& key, const std::stop_token& stop) const {
  const graph::Vertex& described = vertex(index);
  std::optional<cache::Record> earlier = services_.records->last_of_step(step_id(described), stop);
  std::vector<cache::Outage> outages;
  for (cache::Records* import : services_.imports) {
    if (!earlier) earlier = import->last_of_step(step_id(described), stop);
    if (std::string why = import->outage(); !why.empty()) outages.push_back({import->name(), std::move(why)});
  }
  base::Event event;
  event.kind = base::Event::Kind::kExplain;
  event.vertex = index;
  event.text = cache::explain_miss(key, earlier, described.info.ignore_cache, outages);
  services_.events->emit(std::move(event));
}

}  // namespace cooper::ops
