#include "sandbox/board_header.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/stub/slots.h"

namespace cooper::sandbox {

BoardHeader::BoardHeader(const os::Fd& board) {
  struct stat status {};
  base::check(::fstat(board.get(), &status), "examine", "the board");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ < sizeof(stub::Board)) throw base::Error(base::ErrorKind::kInternal, "a board that is too short");
  void* address = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, board.get(), 0);
  if (address == MAP_FAILED) base::throw_errno("map", "the board");
  board_ = static_cast<stub::Board*>(address);
  if (board_->version == stub::kBoardVersion) return;
  ::munmap(address, size_);
  throw base::Error(base::ErrorKind::kInternal, "a board of another version");
}

BoardHeader::~BoardHeader() {
  ::munmap(board_, size_);
}

// Nobody else writes yet, so this takes no lock.
void BoardHeader::describe_file(const BindTable::MemoryFile& file) const {
  auto* entries = reinterpret_cast<stub::TableEntry*>(reinterpret_cast<char*>(board_) + board_->table_offset);
  std::uint64_t slot = stub::first_slot(file.device, file.inode, board_->capacity);
  for (std::uint64_t tried = 0; tried < board_->capacity; ++tried) {
    stub::TableEntry& entry = entries[slot];
    if (entry.inode == 0 || (entry.inode == file.inode && entry.device == file.device)) {
      if (entry.inode == 0) ++board_->used;
      entry = {};
      entry.device = file.device;
      entry.inode = file.inode;
      entry.flags = stub::TableEntry::kLinks;
      entry.links = 1;
      if (board_->owners == stub::Owners::kReal) return;
      entry.flags |= stub::TableEntry::kOwned;
      entry.uid = file.uid;
      entry.gid = file.gid;
      return;
    }
    slot = (slot + 1) & (board_->capacity - 1);
  }
  throw base::Error(base::ErrorKind::kUnsupported, "too many files with owners of their own");
}

void BoardHeader::describe(const Spec& spec, const BindTable& binds) const {
  const auto& directory = std::get<FarmRoot>(spec.root).directory;
  if (spec.groups.size() > stub::kMaxGroups || directory.size() >= sizeof board_->root_path) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      spec.groups.size() > stub::kMaxGroups
                          ? fmt::format("a user with {} groups", spec.groups.size())
                          : fmt::format("a path of {} characters to the work directory", directory.size()))
        .hint("use fewer");
  }
  board_->host_uid = ::geteuid();
  board_->host_gid = ::getegid();
  board_->uid = spec.uid;
  board_->gid = spec.gid;
  board_->group_count = static_cast<std::uint32_t>(spec.groups.size());
  std::copy(spec.groups.begin(), spec.groups.end(), board_->groups);
  board_->no_network = spec.network == Network::kNone ? 1 : 0;
  std::memcpy(board_->root_path, directory.c_str(), directory.size() + 1);
  binds.publish(*board_);
  for (const auto& file : binds.memory_files()) describe_file(file);
}

}  // namespace cooper::sandbox
