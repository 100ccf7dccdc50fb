#include "tests/e2e/equivalence/work_tree.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <span>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/process.h"
#include "support/layer_tar.h"

namespace cooper::equivalence {
namespace {

// The same bytes whenever it is written, and with a time of its own, as an archive of a release has.
std::string archive_of(const std::string& content) {
  support::LayerTar tar;
  tar.directory("packed").file("packed/file", content, 0640).symlink("packed/link", "file");
  return tar.bytes();
}

bool has_mode(const Node& node) {
  return node.kind != Node::Kind::kSymlink && node.kind != Node::Kind::kHardlink;
}

void run_git(std::vector<std::string> arguments, const std::string& directory, std::int64_t time) {
  std::vector<std::string> argv = {"git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@b"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const std::string date = fmt::format("{} +0000", time);
  os::ProcessOptions options;
  options.argv = std::move(argv);
  options.env = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1",
                 "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date};
  const os::ProcessResult result = os::run_process(options, {});
  if (result.exit_code != 0) throw std::runtime_error("git " + arguments.front() + ": " + result.errors);
}

}  // namespace

void write_file(const std::string& path, const std::string& content) {
  const os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  os::FdSink out(file.get(), path);
  out.write(std::as_bytes(std::span(content)));
}

WorkTree::WorkTree(std::string directory, bool is_git, bool has_dockerfile)
    : directory_(std::move(directory)), is_git_(is_git), has_dockerfile_(has_dockerfile) {
  os::make_directories(directory_);
  if (is_git_) run_git({"init", "-q"}, directory_, 0);
}

std::string WorkTree::dockerfile() const {
  return directory_ + (has_dockerfile_ ? "/Dockerfile" : "-Dockerfile");
}

void WorkTree::write(const State& state) {
  remove_changed(state);
  for (const Node& node : state.nodes) write_node(node);
  set_times(state);
  written_.clear();
  for (const Node& node : state.nodes) written_[node.path] = node;
  write_file(dockerfile(), render_dockerfile(state));
  write_file(directory_ + "/.dockerignore", render_ignore_file(state));
  if (is_git_) commit(state);
}

// Links are made anew: nothing edits one in place, and a file that loses one becomes another. Directories
// stay while there is anything in them.
void WorkTree::remove_changed(const State& state) {
  std::map<std::string, Node::Kind> wanted;
  for (const Node& node : state.nodes) wanted[node.path] = node.kind;
  for (auto old = written_.rbegin(); old != written_.rend(); ++old) {
    const auto found = wanted.find(old->first);
    const bool is_link =
        old->second.kind == Node::Kind::kSymlink || old->second.kind == Node::Kind::kHardlink;
    if (found != wanted.end() && found->second == old->second.kind && !is_link) continue;
    ::remove((directory_ + "/" + old->first).c_str());
  }
  // What only a file that is gone implied goes with it.
  for (const char* implied : {"/dir/deep", "/dir"}) {
    const bool is_named = wanted.contains(implied + 1);
    if (!is_named) ::rmdir((directory_ + implied).c_str());
  }
}

void WorkTree::write_node(const Node& node) const {
  const std::string path = directory_ + "/" + node.path;
  os::make_directories(std::filesystem::path(path).parent_path());
  switch (node.kind) {
    case Node::Kind::kDirectory:
      os::make_directories(path);
      break;
    case Node::Kind::kSymlink:
      base::check(::symlink(node.content.c_str(), path.c_str()), "make", path);
      break;
    case Node::Kind::kHardlink:
      // Where its file is gone, it is one of its own.
      if (::link((directory_ + "/" + node.content).c_str(), path.c_str()) != 0) write_file(path, "alone");
      break;
    default: {
      const auto before = written_.find(node.path);
      if (before != written_.end() && before->second.kind == node.kind &&
          before->second.content == node.content)
        break;
      write_file(path, node.kind == Node::Kind::kTar ? archive_of(node.content) : node.content);
    }
  }
  if (has_mode(node)) base::check(::chmod(path.c_str(), node.mode), "set the mode of", path);
}

void WorkTree::set_times(const State& state) const {
  for (const Node& node : state.nodes) {
    const std::array<timespec, 2> times = {timespec{node.mtime, 0}, timespec{node.mtime, 0}};
    const std::string path = directory_ + "/" + node.path;
    base::check(::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set the time of",
                path);
  }
}

void WorkTree::commit(const State& state) const {
  run_git({"add", "-A"}, directory_, state.commit_time);
  run_git({"commit", "-q", "--allow-empty", "-m", "state"}, directory_, state.commit_time);
}

}  // namespace cooper::equivalence
