// Rows that are not to be matched, and contents that cannot be, each with its reason.
#pragma once

#include <optional>
#include <string>

namespace cooper::conformance {

// Why the row or case is left out; nullopt for those that must match. `name`: "testNoCache#b2", or the
// case's.
std::optional<std::string> left_out(const std::string& name);

// Whether the file's content in this scenario is random, a time or of the machine.
bool has_content_of_its_run(const std::string& scenario, const std::string& path);

}  // namespace cooper::conformance
