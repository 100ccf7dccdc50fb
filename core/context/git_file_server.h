// A repository that is served as plain files, "dumb" HTTP: git-update-server-info(1),
// gitrepository-layout(5).
//
// libgit2 knows only servers that speak git's protocol. Here objects are fetched one by one as they are met,
// from the commit down and not into its history, and packs where a single object is not there; libgit2
// verifies each against its name as it does for its own. Private to context.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "context/git_library.h"
#include "context/git_refs.h"
#include "net/http.h"

namespace cooper::context {

// Stands in a cache's directory while a fetch goes on: without it, an object there means that its parts are,
// too.
inline constexpr const char* kGitIncompleteMark = "cooper-incomplete";

class GitFileServer {
 public:
  // Opens a file of the repository, like "objects/info/packs"; null when it is not there.
  using Open = std::function<std::unique_ptr<net::ResponseStream>(const std::string& path)>;

  // `info_refs` is the text of info/refs; `name` is for errors.
  GitFileServer(std::string name, std::string info_refs, Open open, std::stop_token stop)
      : name_(std::move(name)),
        info_refs_(std::move(info_refs)),
        open_(std::move(open)),
        stop_(std::move(stop)) {}

  // Whether a text is what such a server has as info/refs.
  static bool is_info_refs(std::string_view text);

  GitRefs read_refs();
  // Has the object, and all that belongs to it, in `repository` afterwards. Throws Error{kContext} naming
  // what is missing or damaged.
  void fetch(git_repository* repository, const std::string& id);

 private:
  void fetch_object(git_repository* repository, git_odb* odb, const git_oid& id);
  bool fetch_loose(git_repository* repository, git_odb* odb, const git_oid& id);
  void fetch_packs(git_odb* odb, const git_oid& id);
  void fetch_pack(git_odb* odb, const std::string& pack);
  base::Error error(const std::string& what) const;

  const std::string name_;
  const std::string info_refs_;
  const Open open_;
  const std::stop_token stop_;
  std::set<std::string> packs_;  // that were fetched
};

}  // namespace cooper::context
