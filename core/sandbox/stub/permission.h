// What modes and owners allow to whom the process believes to be; what a kernel checks for others than root.
#pragma once

#include <sys/stat.h>

#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {

inline constexpr unsigned kMayRead = 4;
inline constexpr unsigned kMayWrite = 2;
inline constexpr unsigned kMayExecute = 1;

// Makes of what the kernel says of a file what the step is to see.
void show(struct stat& file);

// 0 or -EACCES, for a file as the kernel tells of it. Asks for nothing where modes mean nothing to the
// process.
long check_access(const struct stat& raw, unsigned wanted);
// The same with a file as the step sees it, and as access(2) asks: for the real ids if `real`.
long check_shown(const struct stat& shown, unsigned wanted, bool real);
// The same with a file as the kernel tells of it; `shown` becomes what the step sees of it. Waits for whoever
// may be making the file (creation.h) before it is refused.
long check_settled(const struct stat& raw, struct stat& shown, unsigned wanted, bool real);
// 0 or -EPERM: whether the process may change mode, owner and times.
long check_owner(const struct stat& raw);
// 0, -EACCES or -EPERM: whether `victim` may be removed from the directory.
long check_removal(const struct stat& directory, const struct stat& victim);

}  // namespace cooper::sandbox::stub
