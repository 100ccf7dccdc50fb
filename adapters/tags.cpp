#include "adapters/tags.h"

#include <algorithm>
#include <array>
#include <optional>

#include "adapters/normalize.h"
#include "base/digest.h"
#include "base/text.h"

namespace cooper::adapters {
namespace {

constexpr std::size_t kLongestSlug = 63;
constexpr std::size_t kLongestTag = 128;
constexpr std::size_t kLongestScope = 60;
constexpr std::size_t kSuffix = 6;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_all(std::string_view text, bool (*holds)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), holds);
}

// `text`, cut so that it is at most `longest` with six digits of the hash of `whole` behind it.
std::string with_suffix(std::string_view text, std::string_view whole, std::size_t longest) {
  const std::string suffix = base::sha256(whole).hex().substr(0, kSuffix);
  const std::string_view kept = base::trim(text.substr(0, longest - kSuffix - 1), "-");
  return kept.empty() ? suffix : std::string(kept) + "-" + suffix;
}

// GitLab's rule, whatever it loses.
std::string plain_slug(std::string_view reference) {
  std::string text = base::to_lower(reference);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !is_digit(c) && !is_letter(c); }, '-');
  return std::string(base::trim(std::string_view(text).substr(0, kLongestSlug), "-"));
}

bool is_reserved(std::string_view tag) {
  if (tag == "latest" || tag == "nightly" || is_all(tag, is_digit)) return true;
  if (tag.starts_with("sha-")) return true;
  return (tag.starts_with("pr-") || tag.starts_with("mr-")) && is_all(tag.substr(3), is_digit);
}

// "0", "12", not "012".
bool is_version_number(std::string_view text) {
  return is_all(text, is_digit) && (text.size() == 1 || text.front() != '0');
}

// Of semver.org's grammar: dot-separated, of letters, digits and '-', none empty.
bool is_version_suffix(std::string_view text) {
  const std::vector<std::string> parts = base::split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return is_all(part, [](char c) { return is_digit(c) || is_letter(c) || c == '-'; });
  });
}

struct Version {
  std::array<std::string, 3> numbers;
  std::string text;      // as a tag
  bool is_plain = true;  // neither a pre-release nor of one build
};

std::optional<Version> version_of(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  const std::size_t end = std::min(tag.find_first_of("-+"), tag.size());
  const std::vector<std::string> numbers = base::split(tag.substr(0, end), '.');
  if (numbers.size() != 3 || !std::all_of(numbers.begin(), numbers.end(), is_version_number))
    return std::nullopt;
  std::string_view rest = tag.substr(end);
  Version version{{numbers[0], numbers[1], numbers[2]}, std::string(tag), rest.empty()};
  if (tag.size() > kLongestTag) return std::nullopt;
  if (const std::size_t plus = rest.find('+'); plus != std::string_view::npos) {
    if (!is_version_suffix(rest.substr(plus + 1))) return std::nullopt;
    version.text[end + plus] = '_';
    rest = rest.substr(0, plus);
  }
  if (!rest.empty() && !is_version_suffix(rest.substr(1))) return std::nullopt;
  return version;
}

}  // namespace

std::string slug(std::string_view reference) {
  std::string text = plain_slug(reference);
  return text == reference ? text : with_suffix(text, reference, kLongestSlug);
}

std::string branch_tag(std::string_view branch) {
  std::string tag = slug(branch);
  return is_reserved(tag) ? with_suffix(tag, branch, kLongestSlug) : tag;
}

std::string sanitised_tag(std::string_view tag) {
  std::string text(tag);
  const auto is_allowed = [](char c) {
    return is_digit(c) || is_letter(c) || c == '_' || c == '.' || c == '-';
  };
  std::replace_if(
      text.begin(), text.end(), [&](char c) { return !is_allowed(c); }, '-');
  text.erase(0, std::min(text.find_first_not_of(".-"), text.size()));
  const bool is_whole = text == tag && text.size() <= kLongestTag;
  return is_whole ? text : with_suffix(text, tag, kLongestTag);
}

std::vector<std::string> tags_of_git_tag(std::string_view tag) {
  const auto version = version_of(tag);
  if (!version) return {sanitised_tag(tag)};
  if (!version->is_plain) return {version->text};
  const auto& [major, minor, patch] = version->numbers;
  std::vector<std::string> tags = {version->text, major + "." + minor};
  if (major != "0") tags.push_back(major);
  tags.emplace_back("latest");
  return tags;
}

std::string scope_of_ref(std::string_view kind, std::string_view name) {
  const std::string scope = std::string(kind) + "-" + slug(name);
  return scope.size() <= kLongestScope ? scope : with_suffix(scope, name, kLongestScope);
}

}  // namespace cooper::adapters
