// Machines that build a case's states with the real program: one that has what earlier builds left, and new
// ones.
#pragma once

#include <string>

#include "tests/e2e/equivalence/work_tree.h"

namespace cooper::equivalence {

// What all cases share.
struct Surroundings {
  std::string cooper;
  std::string bases;     // directory with the OCI layouts of the bases, one folder a variant
  std::string registry;  // host:port
};

// How one build ended.
struct Built {
  bool ok = false;
  std::string digest;
  int steps_run = 0;
  int steps_cached = 0;
  std::string log;
};

class Machine {
 public:
  // `directory` is empty and remains so after remove_stores(), but for the context.
  Machine(const Surroundings& surroundings, const Case& life, std::string directory);

  // With the case's means; twice at once where the case says so, then that is the second.
  std::vector<Built> build_warm(const State& state);
  Built build_clean(const State& state);
  WorkTree& work_tree() { return work_tree_; }

 private:
  std::vector<std::string> common_arguments(const State& state) const;
  std::vector<std::string> cache_arguments() const;
  Built run(const State& state, const std::string& store, const std::vector<std::string>& more) const;
  std::string fresh_store();

  const Surroundings& surroundings_;
  const Case& life_;
  std::string directory_;
  int number_;
  WorkTree work_tree_;
  int stores_ = 0;
};

// Makes the base images below `directory`, with the program itself. Throws std::runtime_error.
void make_bases(const std::string& cooper, const std::string& directory);
// Removes a store, also one with files of subordinate ids, which only a namespace that has them can remove.
void remove_store(const std::string& path);

}  // namespace cooper::equivalence
