#include "sandbox/board_header.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::sandbox {

BoardHeader::BoardHeader(const os::Fd& board) {
  struct stat status {};
  base::check(::fstat(board.get(), &status), "examine", "the board");
  if (static_cast<std::size_t>(status.st_size) < sizeof(stub::Board))
    throw base::Error(base::ErrorKind::kInternal, "a board that is too short");
  void* address = ::mmap(nullptr, sizeof(stub::Board), PROT_READ | PROT_WRITE, MAP_SHARED, board.get(), 0);
  if (address == MAP_FAILED) base::throw_errno("map", "the board");
  board_ = static_cast<stub::Board*>(address);
  if (board_->version == stub::kBoardVersion) return;
  ::munmap(address, sizeof(stub::Board));
  throw base::Error(base::ErrorKind::kInternal, "a board of another version");
}

BoardHeader::~BoardHeader() {
  ::munmap(board_, sizeof(stub::Board));
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
}

}  // namespace cooper::sandbox
