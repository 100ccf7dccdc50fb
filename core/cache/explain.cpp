#include "cache/explain.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace cooper::cache {
namespace {

constexpr std::size_t kNamed = 3;

using Ingredients = std::vector<std::pair<std::string, base::Digest>>;

// A label may occur several times (a file that two sources select), so each has a sorted list.
std::map<std::string, std::vector<base::Digest>> by_label(const Ingredients& ingredients) {
  std::map<std::string, std::vector<base::Digest>> found;
  for (const auto& [label, digest] : ingredients) found[label].push_back(digest);
  for (auto& [label, digests] : found) std::sort(digests.begin(), digests.end());
  return found;
}

std::string describe(std::string_view label, std::string_view change) {
  constexpr std::string_view kFile = "file ";
  if (label.starts_with(kFile)) label.remove_prefix(kFile.size());
  return fmt::format("{} {}", label, change);
}

// "<label> changed|added|removed" in the order of the key, then what is gone.
std::vector<std::string> differences(const Ingredients& now, const Ingredients& before) {
  const auto current = by_label(now);
  const auto earlier = by_label(before);
  std::vector<std::string> found;
  std::map<std::string_view, bool> seen;
  for (const auto& [label, digest] : now) {
    if (!seen.emplace(label, true).second) continue;
    const auto old = earlier.find(label);
    if (old == earlier.end()) {
      found.push_back(describe(label, "added"));
    } else if (old->second != current.at(label)) {
      found.push_back(describe(label, "changed"));
    }
  }
  for (const auto& [label, digest] : before) {
    if (!current.contains(label) && seen.emplace(label, true).second)
      found.push_back(describe(label, "removed"));
  }
  return found;
}

std::string explain_change(const solver::Key& key, const std::optional<Record>& earlier) {
  if (!earlier) return "never built here before";
  if (earlier->key == key.digest) return "evicted";
  std::vector<std::string> found = differences(key.ingredients, earlier->ingredients);
  if (found.empty()) return "an input changed";
  if (found.size() <= kNamed) return base::join(found, ", ");
  const std::size_t more = found.size() - kNamed;
  found.resize(kNamed);
  return fmt::format("{} and {} more", base::join(found, ", "), more);
}

}  // namespace

std::string explain_miss(const solver::Key& key, const std::optional<Record>& earlier, bool ignore_cache,
                         const std::vector<Outage>& outages) {
  if (ignore_cache) return "--no-cache";
  std::string text = explain_change(key, earlier);
  for (const Outage& outage : outages) text += fmt::format("; {} unreachable: {}", outage.cache, outage.why);
  return text;
}

}  // namespace cooper::cache
