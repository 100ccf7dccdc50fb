#include "build/open_context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "context/git_time.h"
#include "context/pattern_matcher.h"
#include "os/fd.h"

namespace cooper::build {
namespace {

constexpr std::size_t kDockerfileLimit = 16 << 20;

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

void require_directory(const std::string& path) {
  if (is_directory(path)) return;
  if (path.find("://") != std::string::npos || path.starts_with("git@")) {
    throw base::Error(base::ErrorKind::kUnsupported, fmt::format("remote build context '{}'", path))
        .hint("check it out first, and give the directory");
  }
  throw base::Error(base::ErrorKind::kContext, fmt::format("build context '{}' is not a directory", path))
      .hint("give the directory that holds what the Dockerfile copies, often '.'");
}

// As buildx has it: -f is relative to the working directory; without it the context's own Dockerfile.
std::string dockerfile_path(const BuildRequest& request) {
  if (!request.dockerfile.empty()) return request.dockerfile;
  std::string path = request.context + "/Dockerfile";
  std::string lower = request.context + "/dockerfile";
  return !exists(path) && exists(lower) ? lower : path;
}

std::string read_dockerfile(const std::string& path) {
  if (!exists(path)) {
    throw base::Error(base::ErrorKind::kContext, fmt::format("no Dockerfile at '{}'", path))
        .hint("name another with -f");
  }
  return os::read_file(path, kDockerfileLimit);
}

// <Dockerfile>.dockerignore beside the Dockerfile wins over the context's .dockerignore.
std::vector<std::string> ignore_patterns(const std::string& context, const std::string& dockerfile) {
  for (const std::string& path : {dockerfile + ".dockerignore", context + "/.dockerignore"}) {
    if (!path.starts_with(".dockerignore") && exists(path))
      return context::read_ignore_file(os::read_file(path));
  }
  return {};
}

dockerfile::NamedContext open_named(const std::string& name, const std::string& value,
                                    OpenedContext& opened) {
  dockerfile::NamedContext named;
  named.value = value;
  constexpr std::string_view kImage = "docker-image://";
  if (value.starts_with(kImage)) {
    named.kind = dockerfile::NamedContext::Kind::kImage;
    named.value = value.substr(kImage.size());
    return named;
  }
  if (value.find("://") != std::string::npos || value.starts_with("git@")) {
    throw base::Error(base::ErrorKind::kUnsupported, fmt::format("--build-context {}={}", name, value))
        .hint("give a directory or docker-image://NAME");
  }
  require_directory(value);
  auto patterns = ignore_patterns(value, "");
  opened.trees[name] = std::make_shared<context::LocalTree>(value, context::PatternMatcher(patterns));
  named.kind = dockerfile::NamedContext::Kind::kLocal;
  return named;
}

}  // namespace

OpenedContext open_context(const BuildRequest& request) {
  OpenedContext opened;
  require_directory(request.context);
  std::string path = dockerfile_path(request);
  opened.dockerfile_name = request.dockerfile_text ? "Dockerfile" : path;
  opened.dockerfile_text = request.dockerfile_text ? *request.dockerfile_text : read_dockerfile(path);
  opened.ignore_patterns = ignore_patterns(request.context, request.dockerfile_text ? "" : path);
  auto tree =
      std::make_shared<context::LocalTree>(request.context, context::PatternMatcher(opened.ignore_patterns));
  opened.is_ignored = [tree](const std::string& file) { return tree->is_ignored(file); };
  opened.trees["context"] = tree;
  for (const auto& [name, value] : request.named_contexts)
    opened.named[name] = open_named(name, value, opened);
  if (request.epoch_from_git && !request.epoch)
    opened.commit_time = context::head_commit_time(request.context);
  return opened;
}

}  // namespace cooper::build
