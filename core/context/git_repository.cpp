#include "context/git_repository.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fmt/core.h>
#include <map>
#include <mutex>
#include <vector>

#include "base/cancellation.h"
#include "base/digest.h"
#include "base/text.h"
#include "context/git_transport.h"
#include "os/beneath.h"
#include "os/file_lock.h"

namespace cooper::context {
namespace {

constexpr std::chrono::milliseconds kLockPatience{100};
constexpr std::string_view kPeeled = "^{}";

// What the remote has: full ref name → object; "v1^{}" is what the annotated tag "v1" stands for.
struct RemoteRefs {
  std::map<std::string, std::string> objects;
  std::string head_target;  // the branch that HEAD is

  std::string find(const std::string& name) const {
    auto found = objects.find(name);
    return found == objects.end() ? "" : found->second;
  }
};

base::Error repository_error(const GitUrl& url, const std::string& what) {
  return {base::ErrorKind::kContext, fmt::format("git repository '{}' {}", url.str(), what)};
}

// flock(2) cannot be waited for with a stop request.
os::FileLock wait_for_lock(const std::string& path, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock guard(mutex);
  while (true) {
    if (auto lock = os::FileLock::try_acquire(path, os::LockMode::kExclusive)) return std::move(*lock);
    never.wait_for(guard, stop, kLockPatience, [] { return false; });
    base::throw_if_stopped(stop);
  }
}

bool has_object(git_repository* repository, const std::string& id) {
  const auto odb = git_get<GitOdbHandle>("open the git object cache", git_repository_odb, repository);
  const git_oid oid = parse_object_id(id);
  return git_odb_exists(odb.get(), &oid) == 1;
}

// The commit that `id` is or that its tag stands for.
std::string peel_to_commit(git_repository* repository, const std::string& id) {
  const git_oid oid = parse_object_id(id);
  const auto object =
      git_get<GitObjectHandle>("read '" + id + "'", git_object_lookup, repository, &oid, GIT_OBJECT_ANY);
  git_object* commit = nullptr;
  if (git_object_peel(&commit, object.get(), GIT_OBJECT_COMMIT) != 0)
    throw git_error(base::ErrorKind::kContext, "use '" + id + "' as a commit");
  return object_id_hex(*git_object_id(GitObjectHandle(commit).get()));
}

RemoteRefs list_refs(git_remote* remote) {
  RemoteRefs refs;
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  check_git(git_remote_ls(&heads, &count, remote), "list the refs of the git repository");
  for (std::size_t i = 0; i < count; ++i) {
    refs.objects.emplace(heads[i]->name, object_id_hex(heads[i]->oid));
    if (std::string_view(heads[i]->name) == "HEAD" && heads[i]->symref_target != nullptr)
      refs.head_target = heads[i]->symref_target;
  }
  return refs;
}

std::string without_prefix(const std::string& text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

GitRevision revision_named(const RemoteRefs& refs, const std::string& name) {
  GitRevision revision{refs.find(name), name, ""};
  const std::string peeled = refs.find(name + std::string(kPeeled));
  if (!peeled.empty()) revision.tag = std::exchange(revision.commit, peeled);
  return revision;
}

// git-checkout prefers branches where a tag has the same name.
std::optional<GitRevision> find_ref(const RemoteRefs& refs, const std::string& ref) {
  for (const std::string& name :
       {"refs/" + without_prefix(ref, "refs/"), "refs/heads/" + without_prefix(ref, "refs/heads/"),
        "refs/tags/" + without_prefix(ref, "refs/tags/")}) {
    if (refs.objects.contains(name)) return revision_named(refs, name);
  }
  return std::nullopt;
}

std::string nearest_ref(const RemoteRefs& refs, const std::string& ref) {
  std::vector<std::string> names;
  for (const auto& [name, object] : refs.objects) {
    for (const char* prefix : {"refs/heads/", "refs/tags/"}) {
      if (name.starts_with(prefix) && !name.ends_with(kPeeled)) names.push_back(without_prefix(name, prefix));
    }
  }
  return base::nearest(ref, names);
}

[[noreturn]] void refuse_ref(const RemoteRefs& refs, const std::string& ref, const GitUrl& url) {
  base::Error error = repository_error(url, fmt::format("has no ref '{}'", ref));
  const bool is_short_id = ref.size() >= 4 && ref.size() < GIT_OID_HEXSZ &&
                           ref.find_first_not_of("0123456789abcdef") == std::string::npos;
  const std::string near = nearest_ref(refs, ref);
  if (!near.empty()) {
    error.hint(fmt::format("did you mean '{}'?", near));
  } else if (is_short_id) {
    error.hint("give all 40 digits of a commit id");
  } else {
    error.hint("name a branch, a tag or a full commit id: git ls-remote shows what there is");
  }
  throw error;
}

GitRevision default_revision(const RemoteRefs& refs, const GitUrl& url) {
  if (!refs.head_target.empty() && refs.objects.contains(refs.head_target))
    return revision_named(refs, refs.head_target);
  const std::string head = refs.find("HEAD");
  if (!head.empty()) return {head, "", ""};
  throw repository_error(url, refs.objects.empty() ? "is empty" : "has no default branch")
      .hint("name a branch");
}

// The refspecs that bring `revision`: its ref while that is where it was, another ref at the same commit, or
// nothing.
std::string tip_at(const RemoteRefs& refs, const GitRevision& revision) {
  const std::string& wanted = revision.tag.empty() ? revision.commit : revision.tag;
  if (!revision.ref.empty() && refs.find(revision.ref) == wanted) return revision.ref;
  for (const auto& [name, object] : refs.objects) {
    if (object == wanted)
      return name.ends_with(kPeeled) ? name.substr(0, name.size() - kPeeled.size()) : name;
  }
  return "";
}

bool download_refspecs(git_remote* remote, const std::vector<std::string>& refspecs,
                       const git_remote_callbacks& callbacks) {
  std::vector<char*> pointers;
  for (const std::string& refspec : refspecs) pointers.push_back(const_cast<char*>(refspec.c_str()));
  const git_strarray list{pointers.data(), pointers.size()};
  git_fetch_options options{};
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = callbacks;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  return git_remote_download(remote, &list, &options) == 0;
}

}  // namespace

bool is_commit_id(std::string_view text) {
  return text.size() == GIT_OID_HEXSZ && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void check_revision(const GitRevision& revision, const std::string& checksum, const GitUrl& url) {
  if (checksum.empty()) return;
  const std::string wanted = base::to_lower(checksum);
  if (wanted.find_first_not_of("0123456789abcdef") != std::string::npos || wanted.size() > GIT_OID_HEXSZ) {
    throw base::Error(base::ErrorKind::kContext,
                      fmt::format("git repository '{}': invalid checksum '{}', expected hex commit hash",
                                  url.str(), checksum))
        .hint("give a commit id or its beginning");
  }
  if (revision.commit.starts_with(wanted) || revision.tag.starts_with(wanted)) return;
  const std::string got = revision.tag.empty()
                              ? "'" + revision.commit + "'"
                              : fmt::format("'{}' (tag '{}')", revision.commit, revision.tag);
  throw base::Error(
      base::ErrorKind::kContext,
      fmt::format("git repository '{}': expected checksum to match '{}', got {}", url.str(), checksum, got))
      .hint("find out why the ref moved before you change the checksum");
}

GitRepository::GitRepository(GitUrl url, GitUrl main, std::string cache_root, GitAccess access)
    : url_(std::move(url)),
      main_(std::move(main)),
      cache_root_(std::move(cache_root)),
      directory_(cache_root_ + "/" + base::sha256(url_.str()).hex()),
      access_(std::move(access)) {
  set_up_git_library();
}

GitRepository GitRepository::submodule(std::string_view url) const {
  return {url_.resolve(url), main_, cache_root_, access_};
}

void GitRepository::fail(const GitBridge& bridge, std::string_view doing) const {
  bridge.rethrow();
  throw git_error(base::ErrorKind::kContext, fmt::format("{} of git repository '{}'", doing, url_.str()));
}

GitRevision GitRepository::resolve(const std::string& ref, const std::stop_token& stop) const {
  if (is_commit_id(ref)) return {ref, "", ""};
  if (ref.size() == 64 && ref.find_first_not_of("0123456789abcdef") == std::string::npos) {
    throw base::Error(
        base::ErrorKind::kUnsupported,
        fmt::format("git repository '{}': commit '{}' is a SHA-256 id, and only SHA-1 is known here",
                    url_.str(), ref));
  }
  GitBridge bridge(open_git_transport(url_, main_, access_, stop), stop);
  const git_remote_callbacks callbacks = bridge.callbacks();
  const auto remote =
      git_get<GitRemoteHandle>("prepare a git remote", git_remote_create_detached, url_.str().c_str());
  if (git_remote_connect(remote.get(), GIT_DIRECTION_FETCH, &callbacks, nullptr, nullptr) < 0)
    fail(bridge, "list the refs");
  const RemoteRefs refs = list_refs(remote.get());
  git_remote_disconnect(remote.get());
  if (ref.empty() || ref == "HEAD") return default_revision(refs, url_);
  if (auto found = find_ref(refs, ref)) return *found;
  refuse_ref(refs, ref, url_);
}

GitRepositoryHandle GitRepository::open() const {
  return git_get<GitRepositoryHandle>("open the git object cache", git_repository_open_bare,
                                      directory_.c_str());
}

// Making one over a half-made one completes it.
GitRepositoryHandle GitRepository::open_or_make() const {
  git_repository* opened = nullptr;
  if (git_repository_open_bare(&opened, directory_.c_str()) == 0) return GitRepositoryHandle(opened);
  git_repository_init_options options{};
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR | GIT_REPOSITORY_INIT_MKPATH;
  options.mode = GIT_REPOSITORY_INIT_SHARED_UMASK;
  if (git_repository_init_ext(&opened, directory_.c_str(), &options) != 0)
    throw git_error(base::ErrorKind::kIo, "make the git object cache");
  return GitRepositoryHandle(opened);
}

GitRevision GitRepository::fetch(const GitRevision& revision, const std::stop_token& stop) const {
  os::make_directories(cache_root_, 0700);
  const os::FileLock lock = wait_for_lock(directory_ + ".lock", stop);
  try {
    return fetch_locked(revision, stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
  }
  os::remove_tree(directory_);
  return fetch_locked(revision, stop);
}

void GitRepository::forget(const std::stop_token& stop) const {
  const os::FileLock lock = wait_for_lock(directory_ + ".lock", stop);
  os::remove_tree(directory_);
}

GitRevision GitRepository::fetch_locked(const GitRevision& revision, const std::stop_token& stop) const {
  const GitRepositoryHandle repository = open_or_make();
  GitRevision found = revision;
  const bool is_here = has_object(repository.get(), found.commit) &&
                       (found.tag.empty() || has_object(repository.get(), found.tag));
  if (!is_here) download(repository.get(), found, stop);
  const std::string commit = peel_to_commit(repository.get(), found.commit);
  if (commit != found.commit) found.tag = std::exchange(found.commit, commit);
  if (!is_here) {
    const git_oid id = parse_object_id(commit);
    git_get<GitReferenceHandle>("record what was fetched", git_reference_create, repository.get(),
                                ("refs/cooper/" + commit).c_str(), &id, 1, nullptr);
  }
  return found;
}

void GitRepository::download(git_repository* repository, const GitRevision& revision,
                             const std::stop_token& stop) const {
  GitBridge bridge(open_git_transport(url_, main_, access_, stop), stop);
  const git_remote_callbacks callbacks = bridge.callbacks();
  const auto remote = git_get<GitRemoteHandle>("prepare a git remote", git_remote_create_anonymous,
                                               repository, url_.str().c_str());
  if (git_remote_connect(remote.get(), GIT_DIRECTION_FETCH, &callbacks, nullptr, nullptr) < 0)
    fail(bridge, "list the refs");
  const std::string tip = tip_at(list_refs(remote.get()), revision);
  if (!tip.empty()) {
    if (!download_refspecs(remote.get(), {"+" + tip + ":refs/cooper/tip"}, callbacks))
      fail(bridge, "fetch a ref");
    if (has_object(repository, revision.commit)) return;
  } else if (download_refspecs(remote.get(), {"+" + revision.commit + ":refs/cooper/tip"}, callbacks)) {
    return;
  }
  bridge.rethrow();
  // The server gives no commit by its id, which git's own default is.
  if (!download_refspecs(remote.get(),
                         {"+refs/heads/*:refs/cooper/heads/*", "+refs/tags/*:refs/cooper/tags/*"},
                         callbacks)) {
    fail(bridge, "fetch all branches and tags");
  }
  if (has_object(repository, revision.commit)) return;
  throw repository_error(url_, fmt::format("has no commit '{}' in any branch or tag", revision.commit))
      .hint("check the commit id, or name a branch or tag that has it");
}

std::int64_t GitRepository::commit_time(const std::string& commit) const {
  const GitRepositoryHandle repository = open();
  const git_oid id = parse_object_id(commit);
  return git_commit_time(
      git_get<GitCommitHandle>("read commit '" + commit + "'", git_commit_lookup, repository.get(), &id)
          .get());
}

}  // namespace cooper::context
