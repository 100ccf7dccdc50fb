#include "context/git_refs.h"

#include <fmt/core.h>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace cooper::context {
namespace {

constexpr std::string_view kPeeled = "^{}";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kIdDigits = 40;

base::Error repository_error(const GitUrl& url, const std::string& what) {
  return {base::ErrorKind::kContext, fmt::format("git repository '{}' {}", url.str(), what)};
}

std::string without_prefix(const std::string& text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

GitRevision revision_named(const GitRefs& refs, const std::string& name) {
  GitRevision revision{refs.find(name), name, ""};
  const std::string peeled = refs.find(name + std::string(kPeeled));
  if (!peeled.empty()) revision.tag = std::exchange(revision.commit, peeled);
  return revision;
}

// git-checkout prefers branches where a tag has the same name.
std::optional<GitRevision> find_ref(const GitRefs& refs, const std::string& ref) {
  for (const std::string& name :
       {"refs/" + without_prefix(ref, "refs/"), "refs/heads/" + without_prefix(ref, "refs/heads/"),
        "refs/tags/" + without_prefix(ref, "refs/tags/")}) {
    if (refs.objects.contains(name)) return revision_named(refs, name);
  }
  return std::nullopt;
}

std::string nearest_ref(const GitRefs& refs, const std::string& ref) {
  std::vector<std::string> names;
  for (const auto& [name, object] : refs.objects) {
    for (const char* prefix : {"refs/heads/", "refs/tags/"}) {
      if (name.starts_with(prefix) && !name.ends_with(kPeeled)) names.push_back(without_prefix(name, prefix));
    }
  }
  return base::nearest(ref, names);
}

[[noreturn]] void refuse_ref(const GitRefs& refs, const std::string& ref, const GitUrl& url) {
  base::Error error = repository_error(url, fmt::format("has no ref '{}'", ref));
  const bool is_short_id =
      ref.size() >= 4 && ref.size() < kIdDigits && ref.find_first_not_of(kHexDigits) == std::string::npos;
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

GitRevision default_revision(const GitRefs& refs, const GitUrl& url) {
  if (!refs.head_target.empty() && refs.objects.contains(refs.head_target))
    return revision_named(refs, refs.head_target);
  const std::string head = refs.find("HEAD");
  if (!head.empty()) return {head, "", ""};
  throw repository_error(url, refs.objects.empty() ? "is empty" : "has no default branch")
      .hint("name a branch");
}

}  // namespace

std::string GitRefs::find(const std::string& name) const {
  const auto found = objects.find(name);
  return found == objects.end() ? "" : found->second;
}

std::string GitRefs::at(const GitRevision& revision) const {
  const std::string& wanted = revision.tag.empty() ? revision.commit : revision.tag;
  if (!revision.ref.empty() && find(revision.ref) == wanted) return revision.ref;
  for (const auto& [name, object] : objects) {
    if (object == wanted)
      return name.ends_with(kPeeled) ? name.substr(0, name.size() - kPeeled.size()) : name;
  }
  return "";
}

GitRevision resolve_ref(const GitRefs& refs, const std::string& ref, const GitUrl& url) {
  if (ref.empty() || ref == "HEAD") return default_revision(refs, url);
  if (auto found = find_ref(refs, ref)) return *found;
  refuse_ref(refs, ref, url);
}

bool is_commit_id(std::string_view text) {
  return text.size() == kIdDigits && text.find_first_not_of(kHexDigits) == std::string_view::npos;
}

void check_revision(const GitRevision& revision, const std::string& checksum, const GitUrl& url) {
  if (checksum.empty()) return;
  const std::string wanted = base::to_lower(checksum);
  if (wanted.find_first_not_of(kHexDigits) != std::string::npos || wanted.size() > kIdDigits) {
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

}  // namespace cooper::context
