// New files: what the disk is asked for, and what the table has to say beside it.
//
// On disk everything stays readable and writable for us, whatever mode the step asked for.
#pragma once

#include <sys/stat.h>

#include "sandbox/stub/identity.h"
#include "sandbox/stub/paths.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {

// The bits that every directory, or other file, has on disk.
inline unsigned disk_mode(unsigned mode, bool directory) {
  return table_owners() ? (mode & 0777) | (directory ? 0700U : 0600U) : mode;
}

// 0, or why nothing may be made in the directory of `entry`; `parent` becomes what the step sees of it.
long check_creation(const Entry& entry, struct stat& parent);

// Lives from before a file is made until it was said whose it is. Nobody else of the same user is to find a
// file in between that seems to be root's: who is refused one of which nothing is known waits for the lock.
struct Making {
  bool locked;
  TableLock lock;
  Making();
};

// Says whose a file is that was just made (`file`: as the disk has it) with disk_mode(`mode`) in `parent`.
// `fd`: it, or its directory with `name`.
void stamp(const Making& making, int fd, const char* name, unsigned mode, const struct stat& parent,
           bool directory);

}  // namespace cooper::sandbox::stub
