#include "graph/definition.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/encoder.h"

namespace cooper::graph {
namespace {

// What two vertices of one build must also share to be merged: which credentials a source is fetched with.
void encode_credentials(base::Encoder& out, const Op& op) {
  if (const auto* http = std::get_if<HttpSource>(&op)) out.field("url", http->url);
  if (const auto* git = std::get_if<GitSource>(&op)) out.field("url", git->url);
}

}  // namespace

base::Digest vertex_digest(const Vertex& vertex, const std::vector<base::Digest>& input_digests) {
  base::Encoder out;
  out.field("op", encode_op(vertex.op));
  encode_credentials(out, vertex.op);
  const oci::Platform& platform = vertex.platform;
  out.field("os", platform.os)
      .field("architecture", platform.architecture)
      .field("variant", platform.variant);
  out.field("os version", platform.os_version).field("os features", platform.os_features);
  out.list("inputs", input_digests.size());
  for (const base::Digest& input : input_digests) out.field("input", input);
  return out.digest();
}

int Definition::add(Vertex vertex) {
  std::vector<base::Digest> inputs;
  for (int input : vertex.inputs) {
    if (input != kScratch && (input < 0 || static_cast<std::size_t>(input) >= digests_.size())) {
      throw base::Error(base::ErrorKind::kInternal,
                        fmt::format("vertex '{}' names input {} before it exists", vertex.info.name, input));
    }
    inputs.push_back(input == kScratch ? base::Digest() : digests_[static_cast<std::size_t>(input)]);
  }
  const base::Digest digest = vertex_digest(vertex, inputs);
  const auto [place, added] = known_.try_emplace(digest, static_cast<int>(vertices.size()));
  if (!added) {
    if (vertex.info.ignore_cache) vertices[static_cast<std::size_t>(place->second)].info.ignore_cache = true;
    return place->second;
  }
  digests_.push_back(digest);
  vertices.push_back(std::move(vertex));
  return place->second;
}

std::vector<bool> mounted_vertices(const Definition& definition) {
  std::vector<bool> mounted(definition.vertices.size(), false);
  auto mount = [&](int input) {
    if (input != kScratch) mounted[static_cast<std::size_t>(input)] = true;
  };
  for (std::size_t i = definition.vertices.size(); i-- > 0;) {
    const Vertex& vertex = definition.vertices[i];
    const bool uses_all =
        std::holds_alternative<Exec>(vertex.op) || (mounted[i] && std::holds_alternative<Merge>(vertex.op));
    for (std::size_t k = 0; k < vertex.inputs.size(); ++k) {
      if (uses_all || (mounted[i] && k == 0)) mount(vertex.inputs[k]);
    }
  }
  return mounted;
}

}  // namespace cooper::graph
