#include "build/entitlements.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"

namespace cooper::build {
namespace {

// In the order of the definition, which is the file's.
std::vector<bool> needed_by(const graph::Definition& definition, const std::vector<int>& roots) {
  std::vector<bool> needed(definition.vertices.size(), false);
  std::vector<int> pending = roots;
  while (!pending.empty()) {
    int index = pending.back();
    pending.pop_back();
    if (index == graph::kScratch || needed[static_cast<std::size_t>(index)]) continue;
    needed[static_cast<std::size_t>(index)] = true;
    const std::vector<int>& inputs = definition.vertices[static_cast<std::size_t>(index)].inputs;
    pending.insert(pending.end(), inputs.begin(), inputs.end());
  }
  return needed;
}

void require(const graph::Vertex& vertex, const char* flag, const char* entitlement) {
  throw base::Error(base::ErrorKind::kUsage,
                    fmt::format("RUN '{}' needs the entitlement {}", flag, entitlement))
      .at(vertex.info.range)
      .hint(fmt::format("add --allow {} if you trust this Dockerfile with it", entitlement));
}

}  // namespace

void require_entitlements(const graph::Definition& definition, const std::vector<int>& roots,
                          const BuildRequest& request) {
  bool insecure_allowed = request.allow.contains("security.insecure");
  bool host_allowed = request.allow.contains("network.host") || request.network == "host";
  if (insecure_allowed && host_allowed) return;
  std::vector<bool> needed = needed_by(definition, roots);
  for (std::size_t i = 0; i < needed.size(); ++i) {
    const graph::Vertex& vertex = definition.vertices[i];
    const auto* exec = std::get_if<graph::Exec>(&vertex.op);
    if (!needed[i] || exec == nullptr) continue;
    if (exec->insecure && !insecure_allowed) require(vertex, "--security=insecure", "security.insecure");
    if (exec->network == graph::Exec::Network::kHost && !host_allowed)
      require(vertex, "--network=host", "network.host");
  }
}

}  // namespace cooper::build
