// Carries out ops for the solver: what each kind of vertex does, how its results are recorded and found
// again.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "ops/services.h"
#include "solver/interfaces.h"

namespace cooper::ops {

class Runner final : public solver::OpRunner {
 public:
  explicit Runner(Services& services) : services_(services) {}

  bool cacheable(int vertex) const override;
  solver::ResourceClass resource_class(int vertex) const override;
  std::chrono::milliseconds expected_duration(int vertex) const override;
  solver::Key definition_key(int vertex, std::span<const base::Digest> inputs,
                             const std::stop_token& stop) override;
  std::optional<solver::Key> content_key(int vertex, std::span<const base::Digest> stable_inputs,
                                         std::span<const solver::ResultPtr> inputs,
                                         const std::stop_token& stop) override;
  solver::ResultPtr load(int vertex, const solver::CacheHit& hit, const solver::ResultPtr& base,
                         const std::stop_token& stop) override;
  solver::ResultPtr run(int vertex, std::span<const solver::ResultPtr> inputs, const solver::Key& key,
                        const std::optional<solver::Key>& content_key, const std::stop_token& stop) override;

 private:
  const graph::Vertex& vertex(int index) const;
  solver::ResultPtr find_made(int index, std::span<const solver::ResultPtr> inputs, const solver::Key& key,
                              const std::stop_token& stop);
  snapshot::LayerPtr make_layer(int index, std::span<const solver::ResultPtr> inputs,
                                const std::stop_token& stop);
  void remember(const cache::Record& record, const std::stop_token& stop);
  void explain(int index, const solver::Key& key, const std::stop_token& stop) const;
  Services& services_;
};

// A name of the step that stays the same across builds while its text and place do: for records of "the same
// step".
std::string step_id(const graph::Vertex& vertex);

}  // namespace cooper::ops
