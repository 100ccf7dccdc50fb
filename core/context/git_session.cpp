#include "context/git_session.h"

#include <fmt/core.h>

#include "context/git_file_server.h"

namespace cooper::context {

bool has_git_object(git_repository* repository, const std::string& id) {
  const auto odb = git_get<GitOdbHandle>("open the git object cache", git_repository_odb, repository);
  const git_oid oid = parse_object_id(id);
  return git_odb_exists(odb.get(), &oid) == 1;
}

GitSession::GitSession(GitUrl url, const GitUrl& main, const GitAccess& access, git_repository* repository,
                       const std::stop_token& stop)
    : url_(std::move(url)),
      repository_(repository),
      bridge_(open_git_transport(url_, main, access, stop), stop),
      callbacks_(bridge_.callbacks()) {
  bridge_.begin();
  if (GitFileServer* files = bridge_.file_server()) {
    refs_ = files->read_refs();
  } else {
    connect();
    list_refs();
  }
}

// libgit2's remote ends before the bridge that it talks over.
GitSession::~GitSession() {
  remote_.reset();
}

void GitSession::fail(std::string_view doing) const {
  bridge_.rethrow();
  throw git_error(base::ErrorKind::kContext, fmt::format("{} of git repository '{}'", doing, url_.str()));
}

void GitSession::connect() {
  const std::string shown = url_.str();
  git_remote* made = nullptr;
  const int result = repository_ == nullptr ? git_remote_create_detached(&made, shown.c_str())
                                            : git_remote_create_anonymous(&made, repository_, shown.c_str());
  remote_.reset(made);
  if (result < 0 || git_remote_connect(made, GIT_DIRECTION_FETCH, &callbacks_, nullptr, nullptr) < 0)
    fail("list the refs");
}

void GitSession::list_refs() {
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  if (git_remote_ls(&heads, &count, remote_.get()) < 0) fail("list the refs");
  for (std::size_t i = 0; i < count; ++i) {
    refs_.objects.emplace(heads[i]->name, object_id_hex(heads[i]->oid));
    if (std::string_view(heads[i]->name) == "HEAD" && heads[i]->symref_target != nullptr)
      refs_.head_target = heads[i]->symref_target;
  }
}

bool GitSession::try_refspecs(const std::vector<std::string>& refspecs) {
  std::vector<char*> pointers;
  for (const std::string& refspec : refspecs) pointers.push_back(const_cast<char*>(refspec.c_str()));
  const git_strarray list{pointers.data(), pointers.size()};
  git_fetch_options options{};
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = callbacks_;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  return git_remote_download(remote_.get(), &list, &options) == 0;
}

// The refs on the right of the refspecs are never made: only objects are wanted.
void GitSession::download(const GitRevision& revision) {
  if (GitFileServer* files = bridge_.file_server()) {
    files->fetch(repository_, revision.tag.empty() ? revision.commit : revision.tag);
    return;
  }
  const std::string tip = refs_.at(revision);
  if (!tip.empty()) {
    if (!try_refspecs({"+" + tip + ":refs/cooper/tip"})) fail("fetch a ref");
    if (has_git_object(repository_, revision.commit)) return;
  } else if (try_refspecs({"+" + revision.commit + ":refs/cooper/tip"})) {
    return;
  }
  bridge_.rethrow();
  // The server gives no commit by its id, which git's own default is.
  if (!try_refspecs({"+refs/heads/*:refs/cooper/heads/*", "+refs/tags/*:refs/cooper/tags/*"}))
    fail("fetch all branches and tags");
  if (has_git_object(repository_, revision.commit)) return;
  throw base::Error(
      base::ErrorKind::kContext,
      fmt::format("git repository '{}' has no commit '{}' in any branch or tag", url_.str(), revision.commit))
      .hint("check the commit id, or name a branch or tag that has it");
}

}  // namespace cooper::context
