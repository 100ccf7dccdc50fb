// Paths as the language computes them: text only, no file system.
#pragma once

#include <string>
#include <string_view>

namespace cooper::dockerfile {

// Lexically clean: no "//", "/./" or "..", which stops at the root. "" gives ".".
std::string clean_path(std::string_view path);
// `path` as it is when absolute, else cleaned below `directory`.
std::string absolute_path(std::string_view directory, std::string_view path);
// As above, cleaned, and with the trailing slash (or "/.") that makes a destination a directory.
std::string destination_path(std::string_view directory, std::string_view path);
std::string base_name(std::string_view path);

// A path as Windows images have it: with backslashes, perhaps with the system's drive. from_windows()
// gives it with slashes and without the drive ("C:\\app\\" → "/app/"). Throws Error{kDockerfile} for
// another drive.
std::string from_windows(std::string_view path);
std::string to_windows(std::string_view path);  // only the slashes

}  // namespace cooper::dockerfile
