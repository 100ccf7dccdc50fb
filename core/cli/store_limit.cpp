#include "cli/store_limit.h"

#include "cli/flag_values.h"
#include "store/gc.h"

namespace cooper::cli {

std::optional<std::uint64_t> requested_store_limit(const std::string& flag, const Environment& environment) {
  std::string variable = environment.get("COOPER_STORE_LIMIT");
  if (flag.empty() && variable.empty()) return std::nullopt;
  std::int64_t bytes =
      flag.empty() ? parse_bytes(variable, "COOPER_STORE_LIMIT") : parse_bytes(flag, "--store-limit");
  return bytes == 0 ? store::kNoLimit : static_cast<std::uint64_t>(bytes);
}

}  // namespace cooper::cli
