// A build as data: vertices in topological order, and the roots that were asked for.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "graph/op.h"

namespace cooper::graph {

inline constexpr int kScratch = -1;

// What does not change the result and so stays outside the digest.
struct VertexInfo {
  std::string name;         // "[builder 2/5] RUN make"
  std::string stage;        // stage name or number
  std::string instruction;  // the instruction as written, one line
  base::SourceRange range;
  std::vector<std::string> arguments;  // which of a RUN's variables are ARGs: for explaining misses
  bool ignore_cache = false;           // --no-cache, --no-cache-filter
};

struct Vertex {
  Op op;
  std::vector<int> inputs;  // indexes of earlier vertices, or kScratch
  oci::Platform platform;   // that the vertex builds for
  VertexInfo info;
};

struct Definition {
  std::vector<Vertex> vertices;

  // Appends `vertex`, or returns the index of an equal one: same op, inputs and platform. Of equal vertices
  // the first one's info stays, and the cache is ignored if either asks for that. Throws Error{kInternal}
  // when an input does not exist yet: the order of the list is the proof that there is no cycle.
  int add(Vertex vertex);

 private:
  std::vector<base::Digest> digests_;            // of `vertices`, in order
  std::unordered_map<base::Digest, int> known_;  // digest → index
};

// Which vertices have their layers mounted by some step, which stands on them or has them as a mount.
std::vector<bool> mounted_vertices(const Definition& definition);

// Identity of one vertex given the digests of its inputs; used to merge equal vertices inside a build. Does
// not read contexts, so it is no cache key.
base::Digest vertex_digest(const Vertex& vertex, const std::vector<base::Digest>& input_digests);

// The canonical encoding of an op's resolved fields, without inputs and info. Cache keys build on it: it
// holds all that changes the result and nothing else, so no credentials in URLs and none of the fields that
// op.h lists as outside the digest.
std::string encode_op(const Op& op);

// A readable listing, one vertex a paragraph; for tests and `--print-graph`.
std::string print(const Definition& definition);

}  // namespace cooper::graph
