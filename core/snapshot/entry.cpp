#include "snapshot/entry.h"

#include <algorithm>

namespace cooper::snapshot {
namespace {

// A slash sorts before every other byte; NUL, the only value below, cannot occur in a path.
int rank(char byte) {
  return byte == '/' ? 0 : static_cast<unsigned char>(byte);
}

}  // namespace

bool path_less(std::string_view a, std::string_view b) {
  std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] != b[i]) return rank(a[i]) < rank(b[i]);
  }
  return a.size() < b.size();
}

std::string_view base_name(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view parent_path(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && !name.empty()) path += '/';
  path += name;
  return path;
}

std::string clean_path(std::string_view path) {
  std::string clean;
  while (!path.empty()) {
    std::size_t end = std::min(path.find('/'), path.size());
    std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      clean.resize(parent_path(clean).size());
      continue;
    }
    if (!clean.empty()) clean += '/';
    clean += name;
  }
  return clean;
}

}  // namespace cooper::snapshot
