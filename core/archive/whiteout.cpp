#include "archive/whiteout.h"

#include <fmt/format.h>

#include "base/error.h"

namespace cooper::archive {
namespace {

constexpr std::string_view kPrefix = ".wh.";
constexpr std::string_view kOpaqueName = ".wh..wh..opq";

struct Split {
  std::string_view directory;  // with its slash, or empty
  std::string_view name;
};

Split split_last(std::string_view path) {
  std::size_t start = path.rfind('/') + 1;  // npos + 1 is 0
  return {path.substr(0, start), path.substr(start)};
}

}  // namespace

Whiteout parse_whiteout(std::string_view tar_path) {
  auto [directory, name] = split_last(tar_path);
  if (!name.starts_with(kPrefix)) return {};
  if (name == kOpaqueName) {
    std::string_view hidden = directory.empty() ? directory : directory.substr(0, directory.size() - 1);
    return {WhiteoutKind::kOpaque, std::string(hidden)};
  }
  name.remove_prefix(kPrefix.size());
  // Joined to the directory, these would hide the directory itself or its parent.
  if (name.empty() || name == "." || name == "..") {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("'{}' is a whiteout of no file", tar_path));
  }
  return {WhiteoutKind::kFile, std::string(directory) + std::string(name)};
}

std::string whiteout_path(std::string_view hidden_path) {
  auto [directory, name] = split_last(hidden_path);
  return std::string(directory) + std::string(kPrefix) + std::string(name);
}

std::string opaque_marker(std::string_view directory) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += kOpaqueName;
  return path;
}

}  // namespace cooper::archive
