// What the solver needs from the world: running ops, and finding results in caches. Supplied by the layer
// above.
//
// Keys come in two strengths. The definition key follows from ops and input keys alone, so all of them are
// known before anything runs. The content key replaces the keys of inputs by what is really taken from them
// (COPY --from: the selected files), so it needs their results; it gives a step a second chance after its
// definition key missed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"

namespace cooper::solver {

// What a vertex yields; the solver only hands it on.
class Result {
 public:
  virtual ~Result() = default;
};
using ResultPtr = std::shared_ptr<const Result>;

struct Key {
  base::Digest digest;
  // What went into it: label → digest ("command", "env PATH", "file src/main.c"); for explaining misses.
  std::vector<std::pair<std::string, base::Digest>> ingredients;
};

// A record found in a cache; `record` means something to OpRunner::load only.
struct CacheHit {
  std::shared_ptr<const void> record;
  std::string origin;                       // "local store", "registry host/repo"
  std::optional<base::Digest> content_key;  // the step's content key when it was recorded
};

class CacheIndex {
 public:
  virtual ~CacheIndex() = default;
  // nullopt is a miss, also when a backend is unreachable (which it reports by itself).
  virtual std::optional<CacheHit> find(int vertex, const Key& key, const std::stop_token& stop) = 0;
};

// What a task loads most; the scheduler limits each class by itself.
enum class ResourceClass { kExec, kNetwork, kCpu };

// All calls may block, may come from any thread, and throw base::Error.
class OpRunner {
 public:
  virtual ~OpRunner() = default;

  // Whether results of the vertex are kept in caches (sources and merges are not: they cost nothing to make
  // again).
  virtual bool cacheable(int vertex) const = 0;
  virtual ResourceClass resource_class(int vertex) const = 0;
  // How long the vertex took when it last ran, as a guess for the critical path.
  virtual std::chrono::milliseconds expected_duration(int vertex) const = 0;

  // `inputs`: the definition keys of the vertex' inputs, in order (scratch: the zero digest). May read
  // contexts.
  virtual Key definition_key(int vertex, std::span<const base::Digest> inputs,
                             const std::stop_token& stop) = 0;
  // `stable_inputs`: for each input its content key where it has one, else its definition key. nullopt when
  // this vertex has no content key other than the one that definition_key() would give for `stable_inputs`
  // unchanged.
  virtual std::optional<Key> content_key(int vertex, std::span<const base::Digest> stable_inputs,
                                         std::span<const ResultPtr> inputs, const std::stop_token& stop) = 0;
  // The result of a hit on top of the first input's result (null for scratch or a vertex without inputs).
  virtual ResultPtr load(int vertex, const CacheHit& hit, const ResultPtr& base,
                         const std::stop_token& stop) = 0;
  // Does the work, and records the result under `key` and `content_key`.
  virtual ResultPtr run(int vertex, std::span<const ResultPtr> inputs, const Key& key,
                        const std::optional<Key>& content_key, const std::stop_token& stop) = 0;
};

// Hears about results as they come, on the scheduler thread; must be quick.
class SolveObserver {
 public:
  virtual ~SolveObserver() = default;
  virtual void on_result(int vertex, const ResultPtr& result, bool cached) = 0;
};

}  // namespace cooper::solver
