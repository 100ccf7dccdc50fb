// Random instructions of a Dockerfile: what real ones hold, and what caches have been wrong about.
//
// Every command of a RUN is deterministic: it never looks at the time of a file that the build itself made,
// nor at inodes or numbers of links. Commands that may miss their files end in `|| true`, so that most
// Dockerfiles build.
#pragma once

#include "tests/e2e/equivalence/draw.h"
#include "tests/e2e/equivalence/project.h"

namespace cooper::equivalence {

class Instructions {
 public:
  Instructions(Draw& draw, int& next_id, bool has_run) : draw_(draw), next_id_(next_id), has_run_(has_run) {}

  // One for the stage at `stage`, which may copy from the stages above it.
  Line any(const State& state, std::size_t stage);
  Line line(std::string text, std::string makes = "") {
    return {next_id_++, std::move(text), std::move(makes)};
  }
  std::string word() { return draw_.of({"one", "two", "three", "four", "five"}); }

 private:
  Line copy();
  Line copy_from(const State& state, std::size_t stage);
  Line copy_text();
  Line add_tar();
  Line setting();
  Line run(const State& state, std::size_t stage);
  Line run_mounted(const State& state, std::size_t stage);
  std::string command();
  std::string reading_command();
  std::string writing_command();
  std::string old_time();
  std::string directory() { return draw_.of({"/out", "/a", "/a/b", "/d", "/src"}); }
  std::string flags();
  // A stage above, or a base; and something that it has.
  std::pair<std::string, std::string> origin(const State& state, std::size_t stage);

  Draw& draw_;
  int& next_id_;
  bool has_run_;
};

}  // namespace cooper::equivalence
