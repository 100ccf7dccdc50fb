#include "context/git_library.h"

#include <array>
#include <fmt/core.h>

namespace cooper::context {
namespace {

constexpr std::size_t kLongestReason = 500;

struct Library {
  Library() {
    git_libgit2_init();
    // CI checkouts often belong to another user than the job's; nothing of theirs is run.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                            GIT_CONFIG_LEVEL_GLOBAL}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    // Clones without blobs and sparse ones say so by these; of what libgit2 reads of them nothing differs.
    std::array<const char*, 3> extensions = {"partialclone", "preciousobjects", "worktreeconfig"};
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions.data(), extensions.size());
  }
  ~Library() { git_libgit2_shutdown(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

std::string printable(std::string_view text) {
  std::string out(text.substr(0, kLongestReason));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  return out;
}

}  // namespace

void set_up_git_library() {
  static const Library kLibrary;
}

base::Error git_error(base::ErrorKind kind, std::string_view doing) {
  const ::git_error* last = git_error_last();
  const std::string reason = last == nullptr ? "" : printable(last->message);
  const std::string message =
      fmt::format("cannot {}: {}", doing, reason.empty() ? "libgit2 gives no reason" : reason);
  if (reason.find("No space left on device") == std::string::npos) return {kind, message};
  return base::Error(base::ErrorKind::kIo, message)
      .hint("free some disk space, or point --store at a larger disk");
}

int check_git(int result, std::string_view doing) {
  if (result < 0) throw git_error(base::ErrorKind::kCorrupt, doing);
  return result;
}

git_oid parse_object_id(const std::string& hex) {
  git_oid id;
  if (hex.size() == GIT_OID_HEXSZ && git_oid_fromstr(&id, hex.c_str()) == 0) return id;
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("'{}' is no git object id", hex));
}

std::string object_id_hex(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ> digits{};
  git_oid_fmt(digits.data(), &id);
  return {digits.data(), digits.size()};
}

}  // namespace cooper::context
