#include "dockerfile/paths.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/error.h"

namespace cooper::dockerfile {

std::string clean_path(std::string_view path) {
  bool rooted = !path.empty() && path[0] == '/';
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    std::size_t end = path.find('/');
    std::string_view part = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string text = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += '/';
    text += parts[i];
  }
  return text.empty() ? "." : text;
}

std::string absolute_path(std::string_view directory, std::string_view path) {
  if (!path.empty() && path[0] == '/') return std::string(path);
  return clean_path("/" + std::string(directory) + "/" + std::string(path));
}

std::string destination_path(std::string_view directory, std::string_view path) {
  bool is_directory = path.empty() || path == "." || path.back() == '/' ||
                      (path.size() >= 2 && path.substr(path.size() - 2) == "/.");
  std::string text = clean_path(absolute_path(directory, path));
  if (is_directory && text != "/") text += '/';
  return text;
}

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  std::size_t slash = path.rfind('/');
  if (path.empty()) return ".";
  if (path == "/") return "/";
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string from_windows(std::string_view path) {
  std::string text(path);
  std::replace(text.begin(), text.end(), '\\', '/');
  if (text.size() < 2 || text[1] != ':') return text;
  if (text[0] != 'C' && text[0] != 'c') {
    throw base::Error(base::ErrorKind::kDockerfile, fmt::format("path '{}' is not on drive C:", path))
        .hint("use a path of the system's drive, as images have no other");
  }
  text.erase(0, 2);
  return text.starts_with('/') ? text : "/" + text;
}

std::string to_windows(std::string_view path) {
  std::string text(path);
  std::replace(text.begin(), text.end(), '/', '\\');
  return text;
}

}  // namespace cooper::dockerfile
