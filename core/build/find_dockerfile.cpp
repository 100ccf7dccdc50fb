#include "build/find_dockerfile.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "build/archive_context.h"
#include "dockerfile/git_ref.h"
#include "net/redact.h"
#include "os/fd.h"
#include "os/waiting_source.h"

namespace cooper::build {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kUsual = "Dockerfile";
constexpr const char* kLowerCase = "dockerfile";

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::optional<std::string> read_file_if_there(const std::string& path) {
  if (!exists(path)) return std::nullopt;
  return os::read_file(path, kDockerfileLimit);
}

FoundDockerfile on_disk(const std::string& path) {
  std::optional<std::string> text = read_file_if_there(path);
  if (!text) {
    throw Error(ErrorKind::kContext, fmt::format("no Dockerfile at '{}'", path)).hint("name another with -f");
  }
  return {path, std::move(*text), read_file_if_there(path + ".dockerignore")};
}

}  // namespace

std::optional<std::string> read_text(const snapshot::TreeView& tree, const std::string& path) {
  std::string real = snapshot::resolve_symlinks(tree, snapshot::clean_path(path), true);
  std::optional<snapshot::Entry> entry = tree.lookup(real);
  if (!entry) return std::nullopt;
  if (entry->type != snapshot::EntryType::kFile) {
    throw Error(ErrorKind::kContext, fmt::format("'{}' in the context is no file", path));
  }
  os::Fd file = tree.open(real);
  os::FdSource source(file.get(), path);
  return base::read_all(source, kDockerfileLimit, fmt::format("'{}'", path));
}

bool DockerfileFinder::is_elsewhere() const {
  const std::string& path = request_.dockerfile;
  return request_.dockerfile_text || path == "-" || path.starts_with('/') || dockerfile::is_http_source(path);
}

std::optional<FoundDockerfile> DockerfileFinder::elsewhere(const std::stop_token& stop) const {
  const std::string& path = request_.dockerfile;
  if (request_.dockerfile_text) return FoundDockerfile{kUsual, *request_.dockerfile_text, std::nullopt};
  if (path == "-") {
    os::WaitingSource source(standard_input_, "standard input", stop);
    return FoundDockerfile{kUsual, base::read_all(source, kDockerfileLimit, "standard input"), std::nullopt};
  }
  if (dockerfile::is_http_source(path)) return fetch(path, stop);
  if (path.starts_with('/')) return on_disk(path);
  return std::nullopt;
}

FoundDockerfile DockerfileFinder::fetch(const std::string& url, const std::stop_token& stop) const {
  auto tree = http_.open(graph::HttpSource{url, kUsual, std::nullopt}, stop);
  return {net::redact_url(url), *read_text(*tree, kUsual), std::nullopt};
}

FoundDockerfile DockerfileFinder::in_directory(const std::string& directory,
                                               const std::stop_token& stop) const {
  if (auto found = elsewhere(stop)) return std::move(*found);
  if (!request_.dockerfile.empty()) return on_disk(request_.dockerfile);
  std::string usual = directory + "/" + kUsual;
  std::string lower = directory + "/" + kLowerCase;
  return on_disk(!exists(usual) && exists(lower) ? lower : usual);
}

FoundDockerfile DockerfileFinder::in_tree(const snapshot::TreeView& tree, const std::stop_token& stop) const {
  if (auto found = elsewhere(stop)) return std::move(*found);
  std::string path = request_.dockerfile.empty() ? kUsual : request_.dockerfile;
  std::optional<std::string> text = read_text(tree, path);
  if (!text && request_.dockerfile.empty()) {
    path = kLowerCase;
    text = read_text(tree, path);
  }
  if (!text) {
    throw Error(ErrorKind::kContext, fmt::format("the build context has no Dockerfile '{}'",
                                                 request_.dockerfile.empty() ? kUsual : request_.dockerfile))
        .hint("name another with -f: a path in the context, or an absolute path here");
  }
  return {path, std::move(*text), read_text(tree, path + ".dockerignore")};
}

}  // namespace cooper::build
