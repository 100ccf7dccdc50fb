#include "tests/e2e/equivalence/project.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"

namespace cooper::equivalence {
namespace {

constexpr std::string_view kReference = "{stage:";

// A stage that is gone gets a name that no Dockerfile has: the build then fails, and says so.
std::string with_names(const State& state, const std::string& text) {
  std::string out;
  std::size_t position = 0;
  while (true) {
    const std::size_t found = text.find(kReference, position);
    out += text.substr(position, found - position);
    if (found == std::string::npos) return out;
    const std::size_t end = text.find('}', found);
    const int id = std::stoi(text.substr(found + kReference.size(), end - found - kReference.size()));
    const auto stage = std::find_if(state.stages.begin(), state.stages.end(),
                                    [&](const Stage& candidate) { return candidate.id == id; });
    out += stage == state.stages.end() ? "no-such-stage" : stage->name;
    position = end + 1;
  }
}

const char* kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kFile:
      return "file";
    case Node::Kind::kDirectory:
      return "directory";
    case Node::Kind::kSymlink:
      return "symlink";
    case Node::Kind::kHardlink:
      return "hardlink";
    case Node::Kind::kTar:
      return "tar";
  }
  return "?";
}

template <typename Part>
void add_ids(const std::vector<Part>& from, std::set<int>& ids) {
  for (const Part& part : from) ids.insert(part.id);
}

template <typename Part>
void drop(std::vector<Part>& from, const std::set<int>& ids) {
  std::erase_if(from, [&](const Part& part) { return ids.contains(part.id); });
}

}  // namespace

std::string render_dockerfile(const State& state) {
  std::string out;
  for (const Line& line : state.arguments) out += line.text + "\n";
  for (const Stage& stage : state.stages) {
    out += fmt::format("FROM {} AS {}\n", with_names(state, stage.from), stage.name);
    for (const Line& line : stage.lines) out += with_names(state, line.text) + "\n";
  }
  return out;
}

std::string render_ignore_file(const State& state) {
  std::string out;
  for (const Line& line : state.ignored) out += line.text + "\n";
  return out;
}

std::string describe(const State& state) {
  std::string out = render_dockerfile(state);
  for (const Line& line : state.ignored) out += "ignored: " + line.text + "\n";
  for (const Node& node : state.nodes) {
    out +=
        fmt::format("{} '{}' mode {:o} time {} '{}'\n", kind_name(node.kind), base::escape_bytes(node.path),
                    node.mode, node.mtime, base::escape_bytes(node.content));
  }
  for (const auto& [name, value] : state.build_args) out += fmt::format("--build-arg {}={}\n", name, value);
  for (const auto& [name, variant] : state.bases) out += fmt::format("base {}: variant {}\n", name, variant);
  if (state.target >= 0) {
    out += "--target " + with_names(state, fmt::format("{}{}}}", kReference, state.target)) + "\n";
  }
  out += state.epoch ? fmt::format("SOURCE_DATE_EPOCH={}\n", *state.epoch)
                     : fmt::format("committed at {}\n", state.commit_time);
  return out + fmt::format("compression={}\n", state.compression);
}

std::string describe(const Case& life) {
  std::string out = fmt::format("seed {}:", life.seed);
  if (life.keeps_store) out += " one store";
  if (life.has_directory_cache) out += " --cache-from type=local";
  if (life.has_registry_cache) out += " --cache-from type=registry";
  if (life.pushes) out += " --push";
  if (life.builds_twice_at_once) out += " two builds at once";
  if (life.is_git_work_tree) out += " in a git work tree";
  if (life.has_dockerfile_in_context) out += " Dockerfile in the context";
  out += "\n";
  for (std::size_t i = 0; i < life.states.size(); ++i) {
    out += fmt::format("--- state {}: {}\n{}", i, life.states[i].edit, describe(life.states[i]));
  }
  return out;
}

std::vector<int> parts(const Case& life) {
  std::set<int> ids;
  for (const State& state : life.states) {
    add_ids(state.arguments, ids);
    add_ids(state.stages, ids);
    add_ids(state.nodes, ids);
    add_ids(state.ignored, ids);
    for (const Stage& stage : state.stages) add_ids(stage.lines, ids);
  }
  return {ids.begin(), ids.end()};
}

Case without(const Case& life, const std::set<int>& ids) {
  Case smaller = life;
  for (State& state : smaller.states) {
    drop(state.arguments, ids);
    drop(state.stages, ids);
    drop(state.nodes, ids);
    drop(state.ignored, ids);
    for (Stage& stage : state.stages) drop(stage.lines, ids);
  }
  return smaller;
}

}  // namespace cooper::equivalence
