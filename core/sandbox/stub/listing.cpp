// Directories' contents are the kernel's, but descriptors that the step does not know of, and some types are
// not what is on disk: places of binds are symlinks there, and devices files. Programs trust these types
// instead of asking about each name.
#include "sandbox/stub/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox/stub/binds.h"
#include "sandbox/stub/calls.h"
#include "sandbox/stub/descriptors.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {
namespace {

bool may_be_placeholder(std::uint64_t inode) {
  for (std::uint32_t i = 0; i < board().bind_count; ++i) {
    if (board().found[i].inode == inode) return true;
  }
  return false;
}

unsigned char type_of_bind(const Bind& bind) {
  if ((bind.flags & Bind::kDirectory) != 0) return DT_DIR;
  struct stat file;
  const long error = sys(SYS_newfstatat, bind.fd, "", &file, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  if (error != 0) return DT_UNKNOWN;
  return static_cast<unsigned char>(IFTODT(file.st_mode));
}

void correct(ListedName& item, int directory) {
  const bool link = item.type == DT_LNK && may_be_placeholder(item.inode);
  const bool device = item.type == DT_REG && board().devices != 0 && table_owners();
  if (!link && !device) return;
  struct stat file;
  if (sys(SYS_fstat, directory, &file) != 0) return;
  if (link) {
    const Bind* bind = placeholder_of(file.st_dev, item.inode);
    if (bind != nullptr) item.type = type_of_bind(*bind);
    return;
  }
  const TableEntry entry = look_up(file.st_dev, item.inode);
  if ((entry.flags & TableEntry::kDevice) != 0) item.type = static_cast<unsigned char>(IFTODT(entry.mode));
}

// Whether it is a reserved descriptor, in some /proc/PID/fd or fdinfo.
bool is_hidden(const ListedName& item, int directory) {
  if (item.name[0] != '9' && item.name[0] != '1') return false;
  const char* end = item.name;
  const std::uint64_t number = read_number(end);
  if (*end != '\0' || number > kChangedRootFd || !is_reserved(static_cast<int>(number))) return false;
  struct stat file;
  const bool of_process = item.type == DT_LNK || item.type == DT_REG;
  return of_process && sys(SYS_fstat, directory, &file) == 0 && file.st_dev == board().proc_device;
}

}  // namespace

long on_getdents64(Call& call) {
  for (;;) {
    const long size = pass(call);
    auto* list = call.pointer<char>(1);
    long kept = 0;
    for (long at = 0; at < size;) {
      auto* item = reinterpret_cast<ListedName*>(list + at);
      const long length = item->size;
      at += length;
      if (is_hidden(*item, call.fd(0))) continue;
      correct(*item, call.fd(0));
      if (kept != at - length) memmove(list + kept, item, static_cast<std::size_t>(length));
      kept += length;
    }
    // Nothing at all would say that this is the end.
    if (size <= 0 || kept != 0) return size <= 0 ? size : kept;
  }
}

}  // namespace cooper::sandbox::stub
