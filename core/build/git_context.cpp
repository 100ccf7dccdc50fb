#include "build/git_context.h"

#include <fmt/format.h>

#include "base/error.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/quote.h"
#include "graph/url.h"

namespace cooper::build {
namespace {

constexpr const char* kKeepGitDir = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";

bool asks_for_git_dir(const std::map<std::string, std::string>& build_args) {
  const auto argument = build_args.find(kKeepGitDir);
  bool asked = false;
  if (argument != build_args.end() && !dockerfile::parse_bool(argument->second, asked)) {
    throw base::Error(
        base::ErrorKind::kUsage,
        fmt::format("build argument {}: '{}' is neither true nor false", kKeepGitDir, argument->second));
  }
  return asked;
}

}  // namespace

graph::GitSource git_context_source(const std::string& url,
                                    const std::map<std::string, std::string>& build_args) {
  std::optional<dockerfile::GitRef> git = dockerfile::parse_git_ref(url, true);
  if (!git) {
    throw base::Error(base::ErrorKind::kContext, fmt::format("build context '{}' is no git repository",
                                                             graph::without_credentials(url)));
  }
  graph::GitSource source;
  source.keep_git_dir = asks_for_git_dir(build_args) || git->keep_git_dir.value_or(false);
  source.submodules = git->submodules.value_or(true);
  source.url = std::move(git->remote);
  source.ref = std::move(git->ref);
  source.subdir = std::move(git->subdir);
  source.checksum = std::move(git->checksum);
  return source;
}

}  // namespace cooper::build
