#include "build/image_times.h"

#include <algorithm>

namespace cooper::build {
namespace {

constexpr std::int64_t kEarliest = 315'532'800;  // 1980-01-01

// The image at the bottom of what `vertex` gives.
const graph::ImageSource* bottom_of(const graph::Definition& definition, int vertex) {
  while (vertex >= 0) {
    const graph::Vertex& described = definition.vertices[static_cast<std::size_t>(vertex)];
    if (const auto* image = std::get_if<graph::ImageSource>(&described.op)) return image;
    vertex = described.inputs.empty() ? graph::kScratch : described.inputs.front();
  }
  return nullptr;
}

}  // namespace

std::int64_t steady_file_time(std::int64_t commit_time, const std::vector<dockerfile::Lowered>& images,
                              const graph::Definition& definition, const BaseImages& bases) {
  std::optional<std::int64_t> oldest;
  for (const dockerfile::Lowered& image : images) {
    const graph::ImageSource* base = bottom_of(definition, image.root);
    std::optional<std::int64_t> time = base != nullptr ? bases.created(base->manifest_digest) : std::nullopt;
    if (!time) time = bases.newest_created();
    if (time) oldest = std::min(oldest.value_or(*time), *time);
  }
  return std::min(commit_time, std::max(oldest.value_or(commit_time), kEarliest));
}

}  // namespace cooper::build
