// Small graphs for the solver's tests, written as "name ← inputs".
#pragma once

#include <string>
#include <vector>

#include "graph/definition.h"

namespace cooper::test {

// A definition with the cacheability that goes with it: sources and merges are not cacheable.
struct Graph {
  graph::Definition definition;
  std::vector<bool> cacheable;

  int source(const std::string& name) { return add(graph::LocalSource{name}, {}, name, false); }
  int step(const std::string& name, std::vector<int> inputs) {
    graph::Exec exec;
    exec.argv = {name};
    return add(exec, std::move(inputs), name, true);
  }
  // As step(), but not cacheable.
  int merge(std::vector<int> inputs, const std::string& name = "merge") {
    return add(graph::Merge{}, std::move(inputs), name, false);
  }
  void ignore_cache(int vertex) {
    definition.vertices.at(static_cast<std::size_t>(vertex)).info.ignore_cache = true;
  }

 private:
  int add(graph::Op op, std::vector<int> inputs, const std::string& name, bool keep) {
    graph::Vertex vertex;
    vertex.op = std::move(op);
    vertex.inputs = std::move(inputs);
    vertex.info.name = name;
    const int index = definition.add(std::move(vertex));
    if (static_cast<std::size_t>(index) == cacheable.size()) cacheable.push_back(keep);
    return index;
  }
};

}  // namespace cooper::test
