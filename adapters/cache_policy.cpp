#include "adapters/cache_policy.h"

#include "adapters/tags.h"
#include "base/error.h"
#include "cli/flag_values.h"

namespace cooper::adapters {
namespace {

std::string own_scope(const Record& record) {
  if (record.is_change()) return "change-" + record.change;
  if (!record.tag.empty()) return scope_of_ref("tag", record.tag);
  return record.branch.empty() ? "untrusted" : scope_of_ref("branch", record.branch);
}

}  // namespace

bool may_write_shared_cache(const Record& record) {
  if (record.is_change() || record.is_fork) return false;
  return record.is_trusted.value_or(!record.tag.empty() || record.on_default_branch.value_or(true));
}

std::vector<Option> cache_options(const Record& record, const CacheAddress& address) {
  if (may_write_shared_cache(record)) {
    return {{"--cache-from", address.from, address.origin},
            {"--cache-to", address.to + ",mode=max", address.origin}};
  }
  if (record.is_fork) return {{"--cache-from", address.from, address.origin}};
  const std::string scope = ",scope=" + own_scope(record);
  return {{"--cache-from", address.from + scope, address.origin},
          {"--cache-to", address.to + ",mode=max" + scope, address.origin}};
}

CacheAddress local_cache(const std::string& directory, const std::string& origin) {
  return {"type=local," + list_field("src=" + directory), "type=local," + list_field("dest=" + directory),
          origin};
}

// One that cannot be read has been an error of the build already.
std::string local_directory(const std::string& cache_to) {
  try {
    const auto place = cli::parse_cache_place(cache_to, "--cache-to");
    if (!place || place->type != "local") return "";
    const auto found = place->attributes.find("dest");
    return found == place->attributes.end() ? "" : found->second;
  } catch (const base::Error&) {
    return "";
  }
}

std::string list_field(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace cooper::adapters
