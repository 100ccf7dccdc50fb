#include "context/git_repository.h"

#include <chrono>
#include <condition_variable>
#include <fmt/core.h>
#include <mutex>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/digest.h"
#include "context/git_file_server.h"
#include "context/git_session.h"
#include "net/retry.h"
#include "os/beneath.h"
#include "os/file_lock.h"

namespace cooper::context {
namespace {

constexpr std::chrono::milliseconds kLockPatience{100};

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

}  // namespace

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

GitRevision GitRepository::resolve(const std::string& ref, const std::stop_token& stop) const {
  if (is_commit_id(ref)) return {ref, "", ""};
  if (ref.size() == 64 && ref.find_first_not_of("0123456789abcdef") == std::string::npos) {
    throw base::Error(
        base::ErrorKind::kUnsupported,
        fmt::format("git repository '{}': commit '{}' is a SHA-256 id, and only SHA-1 is known here",
                    url_.str(), ref));
  }
  return resolve_ref(GitSession(url_, main_, access_, nullptr, stop).refs(), ref, url_);
}

GitRepositoryHandle GitRepository::open() const {
  return git_get<GitRepositoryHandle>("open the git object cache", git_repository_open_bare,
                                      directory_.c_str());
}

// Making one over a half-made one completes it; one that lacks parts of its objects is begun anew.
GitRepositoryHandle GitRepository::open_or_make() const {
  if (::access((directory_ + "/" + kGitIncompleteMark).c_str(), F_OK) == 0) os::remove_tree(directory_);
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
  lock.touch();  // the garbage collector asks it when the repository was used last
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
  const bool is_here = has_git_object(repository.get(), found.commit) &&
                       (found.tag.empty() || has_git_object(repository.get(), found.tag));
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

// A session that breaks in the middle is begun anew.
void GitRepository::download(git_repository* repository, const GitRevision& revision,
                             const std::stop_token& stop) const {
  const auto attempt = [&] {
    GitSession(url_, main_, access_, repository, stop).download(revision);
    net::Response done;
    done.status = 200;
    return done;
  };
  net::send_with_retry({}, attempt, access_.on_retry, stop);
}

std::int64_t GitRepository::commit_time(const std::string& commit) const {
  const GitRepositoryHandle repository = open();
  const git_oid id = parse_object_id(commit);
  return git_commit_time(
      git_get<GitCommitHandle>("read commit '" + commit + "'", git_commit_lookup, repository.get(), &id)
          .get());
}

}  // namespace cooper::context
