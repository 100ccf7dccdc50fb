// The values of Kaniko's flags that say more than one thing, or may be wrong by themselves. Each throws
// Error{kUsage}; the caller says of which flag.
#pragma once

#include <string>

#include "cli/kaniko_settings.h"

namespace cooper::cli {

int read_count(const std::string& value);  // 0 and up

void apply_git_option(const std::string& value, KanikoSettings& settings);
void apply_target(const std::string& value, KanikoSettings& settings);
void apply_compression(const std::string& value, KanikoSettings& settings);
void apply_compression_level(const std::string& value, KanikoSettings& settings);
void apply_image_format(const std::string& value, KanikoSettings& settings);
void apply_cache_ttl(const std::string& value, KanikoSettings& settings);
void apply_mirror(const std::string& value, KanikoSettings& settings);
void apply_map(const std::string& value, KanikoSettings& settings);
void apply_credential_helper(const std::string& value, KanikoSettings& settings);
void apply_verbosity(const std::string& value, KanikoSettings& settings);
void apply_log_format(const std::string& value, KanikoSettings& settings);
void check_snapshot_mode(const std::string& value, KanikoSettings& settings);

}  // namespace cooper::cli
