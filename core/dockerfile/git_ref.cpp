#include "dockerfile/git_ref.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "dockerfile/environment.h"
#include "dockerfile/instruction.h"
#include "dockerfile/paths.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "https" of "https://…", in lower case; "" when there is none.
std::string scheme_of(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_alphanumeric(text[end])) ++end;
  if (end == 0 || text.substr(end, 3) != "://") return "";
  return base::to_lower(text.substr(0, end));
}

// "user@host:path", where host holds letters, digits, '.' and '-'.
bool is_scp_style(std::string_view text) {
  std::size_t at = text.find('@');
  std::size_t colon = text.find(':', at == std::string_view::npos ? 0 : at);
  if (at == std::string_view::npos || at == 0 || colon == std::string_view::npos || colon == at + 1)
    return false;
  if (colon + 1 == text.size()) return false;
  auto user = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  auto host = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
  std::string_view before = text.substr(0, at);
  std::string_view between = text.substr(at + 1, colon - at - 1);
  return std::all_of(before.begin(), before.end(), user) && std::all_of(between.begin(), between.end(), host);
}

// application/x-www-form-urlencoded, where a plus is a blank.
std::string decode_query(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return base::percent_decode(text);
}

void read_fragment(GitRef& git, std::string_view fragment) {
  if (fragment.substr(0, 1) != "#") {
    std::size_t colon = fragment.find(':');
    git.ref = std::string(fragment.substr(0, colon));
    if (colon != std::string_view::npos) git.subdir = std::string(fragment.substr(colon + 1));
    return;
  }
  fragment.remove_prefix(1);
  if (fragment.empty()) return;
  for (const std::string& field : csv_fields(fragment)) {
    auto [key, value] = split_assignment(field);
    key = base::to_lower(key);
    if (key == "ref") {
      git.ref = value;
    } else if (key == "commit" || key == "checksum") {
      git.checksum = value;
    } else if (key == "subdir") {
      git.subdir = value;
    } else {
      throw failure(fmt::format("unexpected key '{}' in git fragment", key))
          .hint("use ref, commit or subdir");
    }
  }
  if (git.ref.empty()) git.ref = git.checksum;
}

// Sets `field` unless it says something else already.
void agree(std::string& field, const std::string& value, const char* what) {
  if (!field.empty() && field != value) {
    throw failure(fmt::format("{} of the git URL conflicts: '{}' and '{}'", what, field, value));
  }
  field = value;
}

std::string with_prefix(const std::string& prefix, const std::string& name) {
  return name.substr(0, prefix.size()) == prefix ? name : prefix + name;
}

bool read_flag(const std::string& key, const std::string& value) {
  bool flag = true;
  if (!value.empty() && !parse_bool(value, flag)) {
    throw failure(fmt::format("value '{}' of '{}' in the git URL is not valid", value, key));
  }
  return flag;
}

void read_query(GitRef& git, std::string_view query) {
  std::string tag;
  std::string branch;
  std::vector<std::string> seen;
  for (const std::string& pair : base::split(query, '&')) {
    if (pair.empty()) continue;
    auto [raw_key, raw_value] = split_assignment(pair);
    std::string key = decode_query(std::string(raw_key));
    std::string value = decode_query(std::string(raw_value));
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      throw failure(fmt::format("query '{}' of the git URL has several values", key));
    }
    seen.push_back(key);
    bool is_flag = key == "submodules" || key == "keep-git-dir";
    if (value.empty() && !is_flag) throw failure(fmt::format("query '{}' of the git URL has no value", key));
    if (key == "ref") {
      agree(git.ref, value, "ref");
    } else if (key == "tag") {
      tag = with_prefix("refs/tags/", value);
    } else if (key == "branch") {
      branch = with_prefix("refs/heads/", value);
    } else if (key == "subdir") {
      agree(git.subdir, value, "subdir");
    } else if (key == "checksum" || key == "commit") {
      agree(git.checksum, value, "checksum");
    } else if (key == "keep-git-dir") {
      git.keep_git_dir = read_flag(key, value);
    } else if (key == "submodules") {
      git.submodules = read_flag(key, value);
    } else {
      throw failure(fmt::format("unexpected query '{}' in the git URL", key));
    }
  }
  if (!tag.empty() && !branch.empty()) throw failure("branch and tag of the git URL conflict");
  if (!tag.empty()) agree(git.ref, tag, "ref");
  if (!branch.empty()) agree(git.ref, branch, "ref");
  if (git.ref.empty()) git.ref = git.checksum;
}

}  // namespace

std::optional<GitRef> parse_git_ref(std::string_view text, bool known_git) {
  if (text.substr(0, 2) == "./" || text.substr(0, 3) == "../") return std::nullopt;
  std::string scheme = scheme_of(text);
  bool is_url = scheme == "http" || scheme == "https" || scheme == "ssh" || scheme == "git";
  if (!is_url && (!scheme.empty() || !is_scp_style(text))) return std::nullopt;
  GitRef git;
  std::size_t hash = text.find('#');
  std::string_view location = text.substr(0, hash);
  std::size_t question = is_url ? location.find('?') : std::string_view::npos;
  std::string_view address = location.substr(0, question);
  if ((scheme == "http" || scheme == "https") && !known_git) {
    constexpr std::string_view kSuffix = ".git";
    if (address.size() < kSuffix.size() || address.substr(address.size() - kSuffix.size()) != kSuffix) {
      return std::nullopt;
    }
  }
  git.remote = std::string(address);
  if (hash != std::string_view::npos) read_fragment(git, base::percent_decode(text.substr(hash + 1)));
  if (question != std::string_view::npos) read_query(git, location.substr(question + 1));
  return git;
}

bool is_http_source(std::string_view text) {
  if (text.substr(0, 7) != "http://" && text.substr(0, 8) != "https://") return false;
  try {
    return !parse_git_ref(text);
  } catch (const base::Error&) {
    return false;  // a git URL, and a bad one
  }
}

std::string http_filename(std::string_view url) {
  constexpr const char* kUnnamed = "__unnamed__";
  std::size_t authority = url.find("://");
  std::string_view rest = authority == std::string_view::npos ? url : url.substr(authority + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return kUnnamed;
  std::string name = base_name(base::percent_decode(rest.substr(slash)));
  bool is_name = name != "." && name != ".." && name != "/" && name.find('\0') == std::string::npos;
  return is_name ? name : kUnnamed;
}

}  // namespace cooper::dockerfile
