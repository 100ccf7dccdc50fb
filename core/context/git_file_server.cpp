#include "context/git_file_server.h"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <fmt/core.h>
#include <git2/sys/odb_backend.h>
#include <unistd.h>
#include <vector>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "base/text.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::context {
namespace {

constexpr std::size_t kSmallFile = 1 << 20;
constexpr std::size_t kIdDigits = 40;
constexpr std::string_view kHexDigits = "0123456789abcdef";

// "<id>\t<ref>"; the length of the id, 0 when it is no such line.
std::size_t id_length(std::string_view line) {
  const std::size_t tab = line.find('\t');
  if (tab != kIdDigits && tab != 64) return 0;
  return line.substr(0, tab).find_first_not_of(kHexDigits) == std::string_view::npos ? tab : 0;
}

bool is_pack_name(std::string_view name) {
  constexpr std::string_view kBegin = "pack-";
  constexpr std::string_view kEnd = ".pack";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() < kBegin.size() + kEnd.size())
    return false;
  name.remove_prefix(kBegin.size());
  name.remove_suffix(kEnd.size());
  return name.size() == kIdDigits && name.find_first_not_of(kHexDigits) == std::string_view::npos;
}

// What belongs to an object besides itself; a commit's parents do not.
std::vector<git_oid> parts_of(git_repository* repository, const git_oid& id) {
  const auto object = git_get<GitObjectHandle>("read '" + object_id_hex(id) + "'", git_object_lookup,
                                               repository, &id, GIT_OBJECT_ANY);
  std::vector<git_oid> parts;
  switch (git_object_type(object.get())) {
    case GIT_OBJECT_TAG:
      parts.push_back(*git_tag_target_id(reinterpret_cast<git_tag*>(object.get())));
      break;
    case GIT_OBJECT_COMMIT:
      parts.push_back(*git_commit_tree_id(reinterpret_cast<git_commit*>(object.get())));
      break;
    case GIT_OBJECT_TREE: {
      const auto* tree = reinterpret_cast<git_tree*>(object.get());
      for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
        const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
        if (git_tree_entry_filemode(entry) != GIT_FILEMODE_COMMIT) parts.push_back(*git_tree_entry_id(entry));
      }
      break;
    }
    default:
      break;
  }
  return parts;
}

struct ObjectIdLess {
  bool operator()(const git_oid& a, const git_oid& b) const { return git_oid_cmp(&a, &b) < 0; }
};

}  // namespace

base::Error GitFileServer::error(const std::string& what) const {
  return {base::ErrorKind::kContext, fmt::format("git repository '{}' {}", name_, what)};
}

bool GitFileServer::is_info_refs(std::string_view text) {
  return id_length(text.substr(0, text.find('\n'))) > 0;
}

GitRefs GitFileServer::read_refs() {
  GitRefs refs;
  for (const std::string& line : base::split(info_refs_, '\n')) {
    if (line.empty()) continue;
    const std::size_t length = id_length(line);
    if (length == 64) {
      throw base::Error(
          base::ErrorKind::kUnsupported,
          fmt::format("git repository '{}' names its objects by SHA-256, and only SHA-1 is known here",
                      name_));
    }
    if (length == 0) throw error("has a broken list of refs");
    refs.objects.emplace(line.substr(length + 1), line.substr(0, length));
  }
  if (const auto head = open_("HEAD")) {
    const std::string text = base::read_all(*head, kSmallFile, "HEAD");
    constexpr std::string_view kRef = "ref: ";
    if (text.starts_with(kRef)) {
      refs.head_target = base::trim(std::string_view(text).substr(kRef.size()));
    } else {
      refs.objects.emplace("HEAD", base::trim(text));
    }
  }
  return refs;
}

void GitFileServer::fetch(git_repository* repository, const std::string& id) {
  const std::string mark = git_repository_path(repository) + std::string(kGitIncompleteMark);
  os::write_file_atomically(mark, "");
  const auto odb = git_get<GitOdbHandle>("open the git object cache", git_repository_odb, repository);
  std::set<git_oid, ObjectIdLess> met;
  std::vector<git_oid> wanted = {parse_object_id(id)};
  while (!wanted.empty()) {
    const git_oid next = wanted.back();
    wanted.pop_back();
    if (!met.insert(next).second) continue;
    base::throw_if_stopped(stop_);
    fetch_object(repository, odb.get(), next);
    for (const git_oid& part : parts_of(repository, next)) wanted.push_back(part);
  }
  base::check(::unlink(mark.c_str()), "remove", mark);
}

void GitFileServer::fetch_object(git_repository* repository, git_odb* odb, const git_oid& id) {
  if (git_odb_exists(odb, &id) == 1 || fetch_loose(repository, odb, id)) return;
  fetch_packs(odb, id);
  if (git_odb_exists(odb, &id) == 1) return;
  throw error(fmt::format("has no object '{}'", object_id_hex(id)))
      .hint("check the commit id; on the server, run git update-server-info");
}

bool GitFileServer::fetch_loose(git_repository* repository, git_odb* odb, const git_oid& id) {
  const std::string hex = object_id_hex(id);
  const std::string directory = "objects/" + hex.substr(0, 2);
  const auto stream = open_(directory + "/" + hex.substr(2));
  if (stream == nullptr) return false;
  const std::string root = git_repository_path(repository);
  const std::string incoming = root + "objects/incoming";
  {
    const os::Fd file = os::open_file(incoming, O_WRONLY | O_CREAT | O_TRUNC, 0444);
    os::FdSink sink(file.get(), incoming);
    base::copy_all(*stream, sink);
  }
  os::make_directories(root + directory);
  const std::string place = root + directory + "/" + hex.substr(2);
  base::check(::rename(incoming.c_str(), place.c_str()), "publish", place);
  // Reading verifies it.
  git_odb_refresh(odb);
  git_odb_object* found = nullptr;
  const int result = git_odb_read(&found, odb, &id);
  git_odb_object_free(found);
  if (result == 0) return true;
  ::unlink(place.c_str());
  throw error(fmt::format("has a damaged object '{}'", hex));
}

void GitFileServer::fetch_packs(git_odb* odb, const git_oid& id) {
  const auto stream = open_("objects/info/packs");
  if (stream == nullptr) return;
  for (const std::string& line :
       base::split(base::read_all(*stream, kSmallFile, "the list of packs"), '\n')) {
    constexpr std::string_view kPack = "P ";
    if (!line.starts_with(kPack)) continue;
    const std::string pack = line.substr(kPack.size());
    if (!is_pack_name(pack)) throw error("has a broken list of packs");
    if (!packs_.insert(pack).second) continue;
    fetch_pack(odb, pack);
    if (git_odb_exists(odb, &id) == 1) return;
  }
}

void GitFileServer::fetch_pack(git_odb* odb, const std::string& pack) {
  const auto stream = open_("objects/pack/" + pack);
  if (stream == nullptr) throw error(fmt::format("has no pack '{}', which it lists", pack));
  git_odb_writepack* writer = nullptr;
  git_indexer_progress progress{};
  check_git(git_odb_write_pack(&writer, odb, nullptr, nullptr), "store a git pack");
  const std::unique_ptr<git_odb_writepack, void (*)(git_odb_writepack*)> owner(
      writer, [](git_odb_writepack* done) { done->free(done); });
  std::vector<std::byte> buffer(256 << 10);
  int result = 0;
  while (result == 0) {
    const std::size_t count = stream->read(buffer);
    if (count == 0) break;
    result = writer->append(writer, buffer.data(), count, &progress);
  }
  if (result == 0) result = writer->commit(writer, &progress);
  if (result < 0)
    throw git_error(base::ErrorKind::kContext,
                    fmt::format("take the pack '{}' of git repository '{}'", pack, name_));
  git_odb_refresh(odb);
}

}  // namespace cooper::context
