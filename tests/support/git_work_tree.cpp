#include "support/git_work_tree.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "os/process.h"

namespace cooper::support {

GitWorkTree::GitWorkTree(std::string directory) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  git({"init", "-q", "-b", "main"});
}

std::string GitWorkTree::git(const std::vector<std::string>& arguments) const {
  os::ProcessOptions options;
  options.argv = {"git",
                  "-c",
                  "user.name=Somebody",
                  "-c",
                  "user.email=somebody@example.com",
                  "-c",
                  "protocol.file.allow=always"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  const std::string date = std::to_string(1'700'000'000 + commits_) + " +0000";
  options.env = {{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1",
                  "LC_ALL=C", "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date}};
  options.cwd = directory_;
  os::ProcessResult result = os::run_process(options, {});
  if (result.exit_code != 0)
    throw std::runtime_error("git " + arguments.at(0) + " failed in " + directory_ + ": " + result.errors);
  while (result.output.ends_with('\n')) result.output.pop_back();
  return result.output;
}

void GitWorkTree::write(const std::string& path, const std::string& content) const {
  const std::filesystem::path file = std::filesystem::path(directory_) / path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::string GitWorkTree::commit(const std::string& message) {
  git({"add", "-A"});
  git({"commit", "-q", "--allow-empty", "-m", message});
  ++commits_;
  return git({"rev-parse", "HEAD"});
}

std::string GitWorkTree::commit_file(const std::string& path, const std::string& content) {
  write(path, content);
  return commit("change " + path);
}

void GitWorkTree::add_submodule(const std::string& path, const std::string& url, const std::string& commit,
                                const std::string& name) {
  const std::string key = "submodule." + (name.empty() ? path : name) + ".";
  git({"config", "-f", ".gitmodules", key + "path", path});
  git({"config", "-f", ".gitmodules", key + "url", url});
  // A directory keeps "git add -A" from dropping the link again.
  std::filesystem::create_directories(std::filesystem::path(directory_) / path);
  git({"update-index", "--add", "--cacheinfo", "160000," + commit + "," + path});
}

}  // namespace cooper::support
