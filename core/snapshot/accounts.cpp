#include "snapshot/accounts.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kMaximumFile = 16 << 20;         // bytes of /etc/passwd or /etc/group
constexpr std::uint32_t kMaximumId = (1U << 31U) - 1;  // the range that Docker accepts

struct User {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
};

struct Group {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
};

// Digits only. "+1" and " 1" are names, as they are for Docker.
std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (id > kMaximumId) {
    throw base::Error(base::ErrorKind::kDockerfile,
                      fmt::format("user or group id '{}' is out of range", text))
        .hint("use an id between 0 and 2147483647");
  }
  return id;
}

// As parse_id(), for the fields of a file that anyone may have written: what is no id is 0, as Docker reads
// it.
std::uint32_t field_id(std::string_view text) {
  std::uint32_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

// Calls `visit` with the colon-separated fields of each line until it returns true.
void scan_file(const TreeView& root, const std::string& path,
               const std::function<bool(const std::vector<std::string>&)>& visit) {
  std::string resolved = resolve_symlinks(root, path, true);
  std::optional<Entry> entry = root.lookup(resolved);
  if (!entry || entry->type != EntryType::kFile) return;
  os::Fd file = root.open(resolved);
  os::FdSource source(file.get(), path);
  std::string text = base::read_all(source, kMaximumFile, "'/" + path + "'");
  for (const std::string& line : base::split(text, '\n')) {
    std::string_view trimmed = base::trim(line);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    if (visit(base::split(trimmed, ':'))) return;
  }
}

std::optional<User> find_user(const TreeView& root, const std::function<bool(const User&)>& wanted) {
  std::optional<User> found;
  scan_file(root, "etc/passwd", [&](const std::vector<std::string>& fields) {
    if (fields.size() < 4) return false;
    User user{fields[0], field_id(fields[2]), field_id(fields[3]), fields.size() > 5 ? fields[5] : ""};
    if (!wanted(user)) return false;
    found = std::move(user);
    return true;
  });
  return found;
}

std::vector<Group> find_groups(const TreeView& root, const std::function<bool(const Group&)>& wanted) {
  std::vector<Group> found;
  scan_file(root, "etc/group", [&](const std::vector<std::string>& fields) {
    if (fields.size() < 3) return false;
    Group group{fields[0], field_id(fields[2]), {}};
    if (fields.size() > 3) group.members = base::split(fields[3], ',');
    if (wanted(group)) found.push_back(std::move(group));
    return false;
  });
  return found;
}

[[noreturn]] void fail_unknown(std::string_view kind, const std::string& name, std::string_view file) {
  throw base::Error(base::ErrorKind::kDockerfile,
                    fmt::format("unknown {} '{}': not in the image's {}", kind, name, file))
      .hint(fmt::format("create the {} in an earlier RUN, or use a numeric id", kind));
}

std::optional<User> find_by_argument(const TreeView& root, const std::string& user) {
  if (std::optional<std::uint32_t> uid = parse_id(user)) {
    return find_user(root, [&](const User& candidate) { return candidate.uid == *uid; });
  }
  std::optional<User> found = find_user(root, [&](const User& candidate) { return candidate.name == user; });
  if (!found) fail_unknown("user", user, "/etc/passwd");
  return found;
}

std::uint32_t resolve_group(const TreeView& root, const std::string& group) {
  if (std::optional<std::uint32_t> gid = parse_id(group)) return *gid;
  std::vector<Group> found =
      find_groups(root, [&](const Group& candidate) { return candidate.name == group; });
  if (found.empty()) fail_unknown("group", group, "/etc/group");
  return found.front().gid;
}

std::vector<std::uint32_t> supplementary_groups(const TreeView& root, const std::string& user) {
  std::vector<std::uint32_t> ids;
  for (const Group& group : find_groups(root, [&](const Group& candidate) {
         return std::find(candidate.members.begin(), candidate.members.end(), user) !=
                candidate.members.end();
       })) {
    ids.push_back(group.gid);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

Account resolve_account(const TreeView& root, const std::string& user) {
  std::size_t colon = std::min(user.find(':'), user.size());
  std::string name = colon == 0 ? std::string("0") : user.substr(0, colon);
  std::string group = colon < user.size() ? user.substr(colon + 1) : "";

  Account account;
  std::optional<User> found = find_by_argument(root, name);
  if (found) {
    account.uid = found->uid;
    account.gid = found->gid;
    if (!found->home.empty()) account.home = found->home;
  } else {
    account.uid = *parse_id(name);
  }
  // An explicit group replaces the user's own and comes without supplementary ones, as in runc.
  if (!group.empty()) {
    account.gid = resolve_group(root, group);
  } else if (found) {
    account.groups = supplementary_groups(root, found->name);
  }
  return account;
}

Account resolve_owner(const TreeView& root, const std::string& user, const std::string& group) {
  Account account;
  if (std::optional<std::uint32_t> uid = parse_id(user)) {
    account.uid = account.gid = *uid;
  } else if (!user.empty()) {
    std::optional<User> found = find_by_argument(root, user);
    account.uid = found->uid;
    account.gid = found->gid;
  }
  if (!group.empty()) account.gid = resolve_group(root, group);
  return account;
}

}  // namespace cooper::snapshot
