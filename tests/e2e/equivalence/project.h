// What a case builds: a Dockerfile, a context and the flags of the build, as values that can be edited.
//
// Everything that an edit or the minimiser may change on its own has an id that stays the same from one state
// of a project to the next, so that it can be taken out of all of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace cooper::equivalence {

// An instruction. In its text, "{stage:N}" stands for the name of the stage with the id N.
struct Line {
  int id = 0;
  std::string text;
  std::string makes;  // a path that exists after it, for COPY --from; may be empty
};

struct Stage {
  int id = 0;
  std::string name;
  std::string from;  // may hold "{stage:N}"
  bool has_shell = true;
  std::vector<Line> lines;
};

// A file of the context.
struct Node {
  enum class Kind { kFile, kDirectory, kSymlink, kHardlink, kTar };

  int id = 0;
  Kind kind = Kind::kFile;
  std::string path;
  std::string content;  // of a link: its target; of a tar: the content of its one file
  mode_t mode = 0644;
  std::int64_t mtime = 0;  // seconds since the epoch
};

// One moment in a project's life.
struct State {
  std::string edit;             // what made it out of the state before
  std::vector<Line> arguments;  // before the first FROM
  std::vector<Stage> stages;
  std::vector<Node> nodes;
  std::vector<Line> ignored;  // lines of .dockerignore
  std::map<std::string, std::string> build_args;
  std::map<std::string, int> bases;   // name of a base → its variant
  int target = -1;                    // id of a stage; -1: the last one
  std::optional<std::int64_t> epoch;  // nullopt: the commit's time, in a git work tree
  std::int64_t commit_time = 0;
  std::string compression = "gzip";
};

// The whole life, and how builds come by what earlier ones did.
struct Case {
  std::uint64_t seed = 0;
  bool keeps_store = false;
  bool has_directory_cache = false;
  bool has_registry_cache = false;
  bool pushes = false;  // to the registry of the cache
  bool builds_twice_at_once = false;
  bool is_git_work_tree = false;
  bool has_dockerfile_in_context = false;
  std::vector<State> states;
};

std::string render_dockerfile(const State& state);
std::string render_ignore_file(const State& state);
// Everything about a state, for people and as its identity.
std::string describe(const State& state);
std::string describe(const Case& life);

// The ids of everything that `without` can take out.
std::vector<int> parts(const Case& life);
Case without(const Case& life, const std::set<int>& ids);

}  // namespace cooper::equivalence
