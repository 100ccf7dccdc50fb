// Times of files and the clock that they are set by, as one number each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace cooper::os {

// All nanoseconds since the epoch.
std::int64_t nanoseconds(const timespec& time);
// The system's clock.
std::int64_t now();
// What the file system would give a file that is written now: at most some milliseconds behind now().
std::int64_t file_system_now();
// When a file's content was changed last; nullopt when it cannot be examined. Follows no symlink.
std::optional<std::int64_t> modified_time(const std::string& path);
// False, with errno set, when that is not possible. Follows no symlink.
bool set_modified_time(const std::string& path, std::int64_t time);

}  // namespace cooper::os
