#include "snapshot/layer_names.h"

#include <climits>
#include <fmt/format.h>

#include "base/error.h"
#include "snapshot/entry.h"

namespace cooper::snapshot {
namespace {

constexpr std::string_view kPrefix = ".wh.";
constexpr std::string_view kMetaPrefix = ".wh..wh.";
constexpr std::string_view kOpaqueMarker = ".wh..wh..opq";

[[noreturn]] void fail_corrupt(std::string what) {
  throw base::Error(base::ErrorKind::kCorrupt, std::move(what));
}

// clean_path() clamps at the root; here a name that would leave it is refused.
void require_inside(std::string_view path) {
  int depth = 0;
  while (!path.empty()) {
    std::size_t end = std::min(path.find('/'), path.size());
    std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name.empty() || name == ".") continue;
    depth += name == ".." ? -1 : 1;
    if (depth < 0) fail_corrupt("its name leaves the layer's root");
  }
}

}  // namespace

bool is_reserved_name(std::string_view name) {
  return name.starts_with(kPrefix);
}

LayerName parse_layer_name(std::string_view tar_path) {
  if (tar_path.size() >= PATH_MAX) fail_corrupt("its name is too long");
  if (tar_path.find('\0') != std::string_view::npos) fail_corrupt("its name holds a NUL byte");
  require_inside(tar_path);
  LayerName name;
  name.path = clean_path(tar_path);

  std::string_view parent = parent_path(name.path);
  for (std::string_view rest = parent; !rest.empty();) {
    std::string_view component = rest.substr(0, rest.find('/'));
    if (component.starts_with(kMetaPrefix)) return {LayerName::Kind::kIgnored, name.path};
    if (is_reserved_name(component)) fail_corrupt("it lies below a whiteout");
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
  }
  std::string last(base_name(name.path));
  if (!is_reserved_name(last)) return name;
  if (last == kOpaqueMarker) return {LayerName::Kind::kOpaque, std::string(parent)};
  if (last.starts_with(kMetaPrefix)) return {LayerName::Kind::kIgnored, name.path};
  std::string hidden = last.substr(kPrefix.size());
  if (hidden.empty() || hidden == "." || hidden == "..") fail_corrupt("its whiteout names nothing");
  return {LayerName::Kind::kWhiteout, join_path(parent, hidden)};
}

}  // namespace cooper::snapshot
