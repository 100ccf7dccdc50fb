#include "snapshot/merged_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

// The attributes of a directory that layers only imply, as unpacking gives it.
Entry implied_directory(const std::string& path) {
  Entry entry;
  entry.path = path;
  entry.type = EntryType::kDirectory;
  entry.mode = 0755;
  return entry;
}

}  // namespace

// What one layer has of a directory: its own entry (null when implied) and the entries below it.
struct MergedView::Part {
  const Layer* layer = nullptr;
  const Entry* self = nullptr;
  std::span<const Entry> below;
};

// A directory has parts, topmost first; anything else has the one entry that shows.
struct MergedView::Place {
  std::vector<Part> parts;
  const Layer* layer = nullptr;
  const Entry* entry = nullptr;  // null: a directory without an entry in any layer

  bool is_directory() const { return !parts.empty(); }
  Entry merged(const std::string& path) const {
    if (entry == nullptr) return implied_directory(path);
    Entry result = *entry;
    result.opaque = false;
    if (result.type == EntryType::kHardlink) {
      result.type = EntryType::kFile;
      result.link_target.clear();
    }
    return result;
  }
  // Of a file with several names in its layer: the first of them; else "".
  std::string first_name() const {
    if (entry == nullptr) return {};
    if (entry->type == EntryType::kHardlink) return entry->link_target;
    bool has_links = entry->type == EntryType::kFile && layer->index().is_link_target(entry->path);
    return has_links ? entry->path : std::string();
  }
  // Takes a directory of the next layer down; false when nothing below it can show.
  bool add(const Part& part) {
    if (entry == nullptr && part.self != nullptr) {
      entry = part.self;
      layer = part.layer;
    }
    parts.push_back(part);
    return part.self == nullptr || !part.self->opaque;
  }
};

MergedView::MergedView(LayerStack stack) : stack_(std::move(stack)) {
  auto root = std::make_shared<Place>();
  for (const LayerPtr& layer : stack_) layer->index();  // throws now when one is not materialised
  for (auto layer = stack_.rbegin(); layer != stack_.rend(); ++layer) {
    const LayerIndex& index = (*layer)->index();
    if (!root->add({layer->get(), index.find(""), index.below("")})) break;
  }
  if (stack_.empty()) root->parts.emplace_back();  // the root is there even when nothing is in it
  root_ = std::move(root);
}

// From a directory's parts to what is at `path`, a direct child of it.
std::optional<MergedView::Place> MergedView::step(const std::vector<Part>& parts, const std::string& path) {
  Place place;
  for (const Part& part : parts) {
    auto first = std::lower_bound(
        part.below.begin(), part.below.end(), path,
        [](const Entry& entry, const std::string& wanted) { return path_less(entry.path, wanted); });
    if (first == part.below.end()) continue;
    const Entry* self = first->path == path ? &*first : nullptr;
    if (self == nullptr && !is_below(first->path, path)) continue;
    if (self != nullptr && !self->is_directory()) {
      // A whiteout or a file hides what is further down; it shows only when no directory is above it.
      if (place.is_directory() || self->type == EntryType::kWhiteout) break;
      place.layer = part.layer;
      place.entry = self;
      return place;
    }
    if (!place.add({part.layer, self, entries_below({first, part.below.end()}, path)})) break;
  }
  if (!place.is_directory()) return std::nullopt;
  return place;
}

std::optional<MergedView::Place> MergedView::place(const std::string& path) const {
  if (path.empty()) return *root_;
  const std::vector<Part>* parts = &root_->parts;
  Place here;
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    std::optional<Place> next = step(*parts, path.substr(0, end));
    if (!next) return std::nullopt;
    here = std::move(*next);
    parts = &here.parts;  // none below what is no directory
  }
  return here;
}

std::optional<Entry> MergedView::lookup(const std::string& path) const {
  std::optional<Place> found = place(path);
  if (!found) return std::nullopt;
  return found->merged(path);
}

std::vector<std::pair<std::string, MergedView::Place>> MergedView::places_below(
    const std::string& path) const {
  std::optional<Place> directory = place(path);
  if (!directory || !directory->is_directory()) return {};

  // The names of each layer's children come sorted; subtrees are skipped by binary search.
  std::vector<std::string> children;
  std::size_t prefix = path.empty() ? 0 : path.size() + 1;
  for (const Part& part : directory->parts) {
    std::size_t before = children.size();
    for (auto rest = part.below; !rest.empty();) {
      const std::string& first = rest.front().path;
      std::string child = first.substr(0, first.find('/', prefix));
      auto next = rest.begin() + (first.size() == child.size() ? 1 : 0);
      if (next != rest.end() && is_below(next->path, child)) {
        next = std::partition_point(next, rest.end(),
                                    [&](const Entry& entry) { return is_below(entry.path, child); });
      }
      rest = {next, rest.end()};
      children.push_back(std::move(child));
    }
    std::inplace_merge(children.begin(), children.begin() + static_cast<std::ptrdiff_t>(before),
                       children.end());
  }
  children.erase(std::unique(children.begin(), children.end()), children.end());

  std::vector<std::pair<std::string, Place>> places;
  places.reserve(children.size());
  for (std::string& child : children) {
    if (std::optional<Place> found = step(directory->parts, child)) {
      places.emplace_back(std::move(child), std::move(*found));
    }
  }
  return places;
}

std::vector<Entry> MergedView::list(const std::string& path) const {
  std::vector<Entry> entries;
  for (const auto& [child, place] : places_below(path)) entries.push_back(place.merged(child));
  return entries;
}

std::vector<LocatedEntry> MergedView::locate(const std::string& path) const {
  std::vector<LocatedEntry> located;
  for (const auto& [child, place] : places_below(path)) {
    LocatedEntry& item = located.emplace_back();
    item.entry = place.merged(child);
    item.layer = place.layer;
    item.link_target = place.first_name();
  }
  return located;
}

os::Fd MergedView::open(const std::string& path) const {
  std::optional<Place> found = place(path);
  if (!found || found->is_directory()) {
    throw base::Error(base::ErrorKind::kIo,
                      fmt::format("cannot open '/{}': no such file in the image", path));
  }
  if (found->entry->type != EntryType::kFile && found->entry->type != EntryType::kHardlink) {
    throw base::Error(base::ErrorKind::kIo, fmt::format("cannot open '/{}': not a regular file", path));
  }
  return found->layer->open_file(path);
}

base::Digest MergedView::content_digest(const Entry& entry) const {
  if (!entry.content.empty()) return entry.content;
  std::optional<Place> found = place(entry.path);
  if (!found || found->entry == nullptr ||
      (found->entry->type != EntryType::kFile && found->entry->type != EntryType::kHardlink)) {
    throw base::Error(base::ErrorKind::kInternal, fmt::format("'/{}' is no file of this tree", entry.path));
  }
  return found->layer->content_digest(*found->entry);
}

std::string MergedView::link_group(const Entry& entry) const {
  std::optional<Place> found = place(entry.path);
  if (!found) return {};
  std::string first = found->first_name();
  return first.empty() ? first : found->layer->id() + ":" + first;
}

}  // namespace cooper::snapshot
