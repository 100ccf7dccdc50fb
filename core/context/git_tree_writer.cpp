#include "context/git_tree_writer.h"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/text.h"
#include "snapshot/entry.h"

namespace cooper::context {
namespace {

// libgit2 has a file in memory as a whole.
constexpr std::uint64_t kLargestFile = std::uint64_t{2} << 30;
constexpr int kDeepest = 256;

base::Error refusal(const std::string& path, std::string_view what) {
  return {base::ErrorKind::kContext, fmt::format("cannot check out '{}': {}", path, what)};
}

os::Fd make_directory(const os::Fd& parent, const std::string& name, const std::string& path) {
  base::check(::mkdirat(parent.get(), name.c_str(), 0755), "create directory", path);
  os::Fd made(base::check(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open", path));
  base::check(::fchmod(made.get(), 0755), "set the mode of", path);
  return made;
}

struct Buffer {
  ~Buffer() { git_buf_dispose(&value); }
  git_buf value = GIT_BUF_INIT;
};

}  // namespace

bool is_refused_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) return true;
  const std::string lower = base::to_lower(name);
  // What other file systems take for ".git": "git~1", and a tail of dots, blanks or a stream's name.
  for (const std::string_view disguise : {std::string_view(".git"), std::string_view("git~1")}) {
    if (!lower.starts_with(disguise)) continue;
    const std::size_t end = lower.find_first_not_of(". ", disguise.size());
    if (end == std::string::npos || lower[end] == ':' || lower[end] == '\\') return true;
  }
  return false;
}

void GitTreeWriter::write(const git_tree* tree, const std::string& path, const os::Fd& directory,
                          bool has_attributes) {
  if (++depth_ > kDeepest) throw refusal(path, fmt::format("deeper than {} directories", kDeepest));
  has_attributes = has_attributes || git_tree_entry_byname(tree, ".gitattributes") != nullptr;
  for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    base::throw_if_stopped(stop_);
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    const std::string entry_path = snapshot::join_path(path, git_tree_entry_name(entry));
    if (is_refused_name(git_tree_entry_name(entry))) throw refusal(entry_path, "git refuses such a name");
    write_entry(entry, entry_path, directory, has_attributes);
  }
  --depth_;
}

void GitTreeWriter::write_entry(const git_tree_entry* entry, const std::string& path, const os::Fd& directory,
                                bool has_attributes) {
  const std::string name = git_tree_entry_name(entry);
  switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE: {
      const auto tree = git_get<GitTreeHandle>("read the tree '" + path + "'", git_tree_lookup, repository_,
                                               git_tree_entry_id(entry));
      write(tree.get(), path, make_directory(directory, name, path), has_attributes);
      break;
    }
    case GIT_FILEMODE_COMMIT:
      make_directory(directory, name, path);
      links_.push_back({path, object_id_hex(*git_tree_entry_id(entry))});
      break;
    case GIT_FILEMODE_LINK:
      write_link(entry, path, directory);
      break;
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
      write_file(entry, path, directory, has_attributes);
      break;
    default:
      throw refusal(path, "of a kind that git does not have");
  }
}

GitBlobHandle GitTreeWriter::read_blob(const git_tree_entry* entry, const std::string& path) const {
  const auto odb = git_get<GitOdbHandle>("open the git object cache", git_repository_odb, repository_);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  check_git(git_odb_read_header(&size, &type, odb.get(), git_tree_entry_id(entry)), "read '" + path + "'");
  if (size > kLargestFile) throw refusal(path, fmt::format("larger than {}", base::human_size(kLargestFile)));
  return git_get<GitBlobHandle>("read '" + path + "'", git_blob_lookup, repository_,
                                git_tree_entry_id(entry));
}

void GitTreeWriter::write_file(const git_tree_entry* entry, const std::string& path, const os::Fd& directory,
                               bool has_attributes) {
  const GitBlobHandle blob = read_blob(entry, path);
  std::string_view content(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                           static_cast<std::size_t>(git_blob_rawsize(blob.get())));
  Buffer converted;
  if (has_attributes) {
    git_filter_options options{};
    options.version = GIT_FILTER_OPTIONS_VERSION;
    options.flags =
        GIT_FILTER_NO_SYSTEM_ATTRIBUTES | GIT_FILTER_ATTRIBUTES_FROM_COMMIT | GIT_FILTER_ALLOW_UNSAFE;
    options.attr_commit_id = commit_;
    git_filter_list* found = nullptr;
    check_git(git_filter_list_load_ext(&found, repository_, blob.get(), path.c_str(), GIT_FILTER_TO_WORKTREE,
                                       &options),
              "read the attributes of '" + path + "'");
    const GitFilterListHandle filters(found);
    if (filters != nullptr) {
      check_git(git_filter_list_apply_to_blob(&converted.value, filters.get(), blob.get()),
                "convert '" + path + "'");
      content = {converted.value.ptr, converted.value.size};
    }
  }
  const bool is_program = git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE;
  const mode_t mode = is_program ? 0755 : 0644;
  const os::Fd file(base::check(::openat(directory.get(), git_tree_entry_name(entry),
                                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode),
                                "create", path));
  base::check(::fchmod(file.get(), mode), "set the mode of", path);
  os::FdSink(file.get(), path).write(std::as_bytes(std::span(content)));
}

void GitTreeWriter::write_link(const git_tree_entry* entry, const std::string& path,
                               const os::Fd& directory) {
  const GitBlobHandle blob = read_blob(entry, path);
  const std::string target(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                           static_cast<std::size_t>(git_blob_rawsize(blob.get())));
  if (target.empty() || target.size() >= PATH_MAX || target.find('\0') != std::string::npos)
    throw refusal(path, "a symbolic link to nothing that can be");
  base::check(::symlinkat(target.c_str(), directory.get(), git_tree_entry_name(entry)), "create", path);
}

}  // namespace cooper::context
