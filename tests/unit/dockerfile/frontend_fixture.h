// Lowers a Dockerfile from text with bases from memory, and records which images were asked for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "dockerfile/frontend.h"

namespace cooper::dockerfile {

class FakeImages final : public ImageResolver {
 public:
  ResolvedImage resolve(const std::string& reference, const oci::Platform& platform) override {
    asked.push_back(reference);
    ResolvedImage image;
    image.reference = reference;
    image.manifest_digest = base::sha256(reference);
    if (auto known = configs.find(reference); known != configs.end()) {
      image.config = known->second;
    } else {
      image.config.config.env = {"PATH=/bin"};
      image.config.diff_ids = {base::sha256("layer of " + reference)};
    }
    if (image.config.platform.os.empty()) image.config.platform = platform;
    return image;
  }
  std::vector<ResolvedImage> resolve_all(const std::vector<BaseRequest>& requests) override {
    ++rounds;
    return ImageResolver::resolve_all(requests);
  }

  std::map<std::string, oci::ImageConfig> configs;
  std::vector<std::string> asked;
  int rounds = 0;
};

struct Built {
  Lowered lowered;
  graph::Definition graph;
  FakeImages images;

  const graph::Vertex& vertex(int index) const { return graph.vertices.at(static_cast<std::size_t>(index)); }
  const graph::Vertex& root() const { return vertex(lowered.root); }
  std::vector<std::string> history() const {
    std::vector<std::string> lines;
    for (const oci::History& entry : lowered.config.history) lines.push_back(entry.created_by);
    return lines;
  }
};

inline FrontendInput amd64_input() {
  FrontendInput input;
  input.build_platform = {"linux", "amd64", "", "", {}};
  return input;
}

inline Built build(const std::string& text, const FrontendInput& input = amd64_input(),
                   FakeImages images = {}) {
  Built built;
  built.images = std::move(images);
  Plan plan = resolve(parse(text, "Dockerfile"), input);
  built.lowered = lower(plan, input, built.images, built.graph);
  return built;
}

// The error that lowering `text` ends in; fails the test's expectations by an empty message when there is
// none.
inline base::Error error_of(const std::string& text, const FrontendInput& input = amd64_input()) {
  try {
    build(text, input);
  } catch (const base::Error& error) {
    return error;
  }
  return {base::ErrorKind::kInternal, ""};
}

}  // namespace cooper::dockerfile
