#include "ops/board_notes.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "snapshot/form.h"
#include "snapshot/tree_writer.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

std::uint32_t type_bits(EntryType type) {
  switch (type) {
    case EntryType::kDirectory:
      return S_IFDIR;
    case EntryType::kSymlink:
      return S_IFLNK;
    case EntryType::kCharDevice:
    case EntryType::kWhiteout:
      return S_IFCHR;
    case EntryType::kBlockDevice:
      return S_IFBLK;
    case EntryType::kFifo:
      return S_IFIFO;
    case EntryType::kFile:
    case EntryType::kHardlink:
      return S_IFREG;
  }
  return S_IFREG;
}

bool is_device(EntryType type) {
  return type == EntryType::kCharDevice || type == EntryType::kBlockDevice;
}

bool is_empty(const sandbox::InodeAttributes& attributes) {
  return !attributes.owner && !attributes.mode && !attributes.device && !attributes.links &&
         !attributes.is_private && attributes.xattrs.empty();
}

}  // namespace

bool BoardNotes::keeps_owners() const {
  return board_.header().owners == sandbox::stub::Owners::kTable;
}

void BoardNotes::note(std::uint64_t device, std::uint64_t inode, const Entry& entry, std::uint32_t links) {
  sandbox::InodeAttributes attributes;
  if (is_device(entry.type)) {
    attributes.mode = type_bits(entry.type) | entry.mode;
    attributes.device = makedev(entry.device_major, entry.device_minor);
  }
  if (links > 1) attributes.links = links;
  if (keeps_owners()) {
    if (entry.uid != 0 || entry.gid != 0) attributes.owner = {entry.uid, entry.gid};
    const bool has_mode = entry.type != EntryType::kSymlink;
    if (has_mode && entry.mode != snapshot::disk_mode(entry, snapshot::Form::kOwn))
      attributes.mode = type_bits(entry.type) | entry.mode;
    for (const auto& [name, value] : entry.xattrs) {
      if (!name.starts_with("user.")) attributes.xattrs.emplace(name, value);
    }
  }
  if (is_empty(attributes) && !board_.find(device, inode)) return;
  board_.set(device, inode, attributes);
}

bool BoardNotes::claim(std::uint64_t device, std::uint64_t inode, const std::string& file) {
  return files_.with([&](auto& files) {
    return files.try_emplace({device, inode}, file).first->second == file;
  });
}

bool BoardNotes::correct(std::uint64_t device, std::uint64_t inode, Entry& entry) const {
  const std::optional<sandbox::InodeAttributes> attributes = board_.find(device, inode);
  if (keeps_owners()) {
    entry.uid = attributes && attributes->owner ? attributes->owner->uid : 0;
    entry.gid = attributes && attributes->owner ? attributes->owner->gid : 0;
  }
  if (!attributes) return false;
  if (attributes->mode && entry.type != EntryType::kSymlink) {
    entry.mode = *attributes->mode & 07777U;
    const std::uint32_t type = *attributes->mode & S_IFMT;
    if (type == S_IFCHR) entry.type = EntryType::kCharDevice;
    if (type == S_IFBLK) entry.type = EntryType::kBlockDevice;
  }
  if (attributes->device && is_device(entry.type)) {
    entry.device_major = major(*attributes->device);
    entry.device_minor = minor(*attributes->device);
  }
  for (const auto& [name, value] : attributes->xattrs) entry.xattrs[name] = value;
  return true;
}

}  // namespace cooper::ops
