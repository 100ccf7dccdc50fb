#include "sandbox/board.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/stub/slots.h"

namespace cooper::sandbox {
namespace {

using stub::TableEntry;
using stub::XattrRecord;

// What a step may add to what is known before it.
constexpr std::size_t kStepInodes = 1U << 20;
constexpr std::size_t kStepXattrs = 1U << 16;

std::size_t power_of_two_above(std::size_t value) {
  std::size_t power = 1;
  while (power < value) power *= 2;
  return power;
}

std::size_t page_up(std::size_t size) {
  constexpr std::size_t kPage = 4096;
  return (size + kPage - 1) / kPage * kPage;
}

TableEntry* entries_of(stub::Board& board) {
  return reinterpret_cast<TableEntry*>(reinterpret_cast<char*>(&board) + board.table_offset);
}

XattrRecord* xattrs_of(stub::Board& board) {
  return reinterpret_cast<XattrRecord*>(reinterpret_cast<char*>(&board) + board.xattr_offset);
}

// The inode's slot, or the free one where it would go; nullptr: the table is full.
TableEntry* slot_of(stub::Board& board, std::uint64_t device, std::uint64_t inode) {
  std::uint64_t slot = stub::first_slot(device, inode, board.capacity);
  for (std::uint64_t tried = 0; tried < board.capacity; ++tried, slot = (slot + 1) & (board.capacity - 1)) {
    TableEntry& entry = entries_of(board)[slot];
    if (entry.inode == 0 || (entry.inode == inode && entry.device == device)) return &entry;
  }
  return nullptr;
}

void free_xattrs(stub::Board& board, TableEntry& entry) {
  while (entry.first_xattr != 0) {
    XattrRecord& record = xattrs_of(board)[entry.first_xattr - 1];
    const std::uint32_t index = std::exchange(entry.first_xattr, record.next);
    record.next = std::exchange(board.first_free_xattr, index);
  }
}

base::Error full() {
  return base::Error(base::ErrorKind::kUnsupported, "too many files with owners or attributes of their own");
}

void add_xattr(stub::Board& board, TableEntry& entry, const std::string& name, const std::string& value) {
  if (name.size() >= sizeof XattrRecord::name || value.size() > sizeof XattrRecord::value) {
    throw base::Error(base::ErrorKind::kUnsupported, "extended attribute '" + name + "' is too long")
        .hint("use an isolation that can mount");
  }
  std::uint32_t index = board.first_free_xattr;
  if (index != 0) {
    board.first_free_xattr = xattrs_of(board)[index - 1].next;
  } else if (board.xattrs_used < board.xattr_capacity) {
    index = ++board.xattrs_used;
  } else {
    throw full();
  }
  XattrRecord& record = xattrs_of(board)[index - 1];
  record = {};
  std::memcpy(record.name, name.data(), name.size());
  std::memcpy(record.value, value.data(), value.size());
  record.length = static_cast<std::uint32_t>(value.size());
  record.next = entry.first_xattr;
  entry.first_xattr = index;
  if (name.starts_with("system.posix_acl_")) board.acls = 1;
}

void fill(TableEntry& entry, const InodeAttributes& attributes) {
  entry.flags = attributes.is_private ? static_cast<std::uint32_t>(TableEntry::kPrivate) : 0;
  const InodeAttributes::Owner owner = attributes.owner.value_or(InodeAttributes::Owner{});
  entry.uid = owner.uid;
  entry.gid = owner.gid;
  entry.mode = attributes.mode.value_or(0);
  entry.rdev = attributes.device.value_or(0);
  entry.links = attributes.links.value_or(0);
  if (attributes.owner) entry.flags |= TableEntry::kOwned;
  if (attributes.mode) entry.flags |= TableEntry::kMode;
  if (attributes.device) entry.flags |= TableEntry::kDevice;
  if (attributes.links) entry.flags |= TableEntry::kLinks;
}

}  // namespace

Board::Board(stub::Owners owners, std::size_t inodes) {
  const std::size_t capacity = power_of_two_above(2 * (inodes + kStepInodes));
  const std::size_t xattrs = inodes + kStepXattrs;
  const std::size_t table = page_up(sizeof(stub::Board));
  const std::size_t records = table + page_up(capacity * sizeof(TableEntry));
  size_ = records + page_up(xattrs * sizeof(XattrRecord));
  file_ = os::Fd(base::check(memfd_create("cooper-board", MFD_CLOEXEC), "make", "board"));
  base::check(ftruncate(file_.get(), static_cast<off_t>(size_)), "make room for", "board");
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory == MAP_FAILED) base::throw_errno("map", "board");
  board_ = static_cast<stub::Board*>(memory);
  board_->version = stub::kBoardVersion;
  board_->owners = owners;
  board_->host_uid = geteuid();
  board_->host_gid = getegid();
  board_->table_offset = table;
  board_->capacity = capacity;
  board_->xattr_offset = records;
  board_->xattr_capacity = xattrs;
}

Board::~Board() {
  munmap(board_, size_);
}

void Board::set(std::uint64_t device, std::uint64_t inode, const InodeAttributes& attributes) {
  TableEntry* entry = slot_of(*board_, device, inode);
  if (entry == nullptr || (entry->inode == 0 && board_->used >= board_->capacity / 4 * 3)) throw full();
  if (entry->inode == 0) ++board_->used;
  entry->device = device;
  entry->inode = inode;
  fill(*entry, attributes);
  if (attributes.device) board_->devices = 1;
  free_xattrs(*board_, *entry);
  for (const auto& [name, value] : attributes.xattrs) add_xattr(*board_, *entry, name, value);
}

std::optional<InodeAttributes> Board::find(std::uint64_t device, std::uint64_t inode) const {
  const TableEntry* entry = slot_of(*board_, device, inode);
  if (entry == nullptr || entry->inode == 0) return std::nullopt;
  if (entry->flags == 0 && entry->first_xattr == 0) return std::nullopt;
  InodeAttributes attributes;
  if ((entry->flags & TableEntry::kOwned) != 0) attributes.owner = {.uid = entry->uid, .gid = entry->gid};
  if ((entry->flags & TableEntry::kMode) != 0) attributes.mode = entry->mode;
  if ((entry->flags & TableEntry::kDevice) != 0) attributes.device = entry->rdev;
  if ((entry->flags & TableEntry::kLinks) != 0) attributes.links = entry->links;
  attributes.is_private = (entry->flags & TableEntry::kPrivate) != 0;
  // The step could write anything here; a chain that leads out of the records or around is cut.
  std::uint64_t left = board_->xattr_capacity;
  for (std::uint32_t index = entry->first_xattr; index != 0 && index <= board_->xattr_capacity && left > 0;
       --left) {
    const XattrRecord& record = xattrs_of(*board_)[index - 1];
    const std::size_t length = std::min<std::size_t>(record.length, sizeof record.value);
    attributes.xattrs.emplace(std::string(record.name, strnlen(record.name, sizeof record.name)),
                              std::string(reinterpret_cast<const char*>(record.value), length));
    index = record.next;
  }
  return attributes;
}

namespace {

std::string read_all(const os::Fd& file) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t size = pread(file.get(), buffer, sizeof buffer, static_cast<off_t>(text.size()));
    base::check(size, "read", "list of changes");
    if (size == 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

base::Error malformed() {
  return base::Error(base::ErrorKind::kCorrupt, "the list of changed paths is malformed");
}

bool is_relative_path(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
    if (path.empty()) return false;
  }
  return true;
}

}  // namespace

std::vector<Change> read_changes(const os::Fd& file) {
  const std::string text = read_all(file);
  std::map<std::string, stub::ChangeKind> kinds;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\0', at);
    if (end == std::string::npos) throw malformed();
    const auto kind = static_cast<stub::ChangeKind>(text[at]);
    if (kind != stub::ChangeKind::kPath && kind != stub::ChangeKind::kTree) throw malformed();
    std::string path = text.substr(at + 1, end - at - 1);
    if (!is_relative_path(path)) throw malformed();
    stub::ChangeKind& known = kinds.try_emplace(std::move(path), kind).first->second;
    if (kind == stub::ChangeKind::kTree) known = kind;
    at = end + 1;
  }
  std::vector<Change> changes;
  changes.reserve(kinds.size());
  for (auto& [path, kind] : kinds) changes.push_back({.kind = kind, .path = path});
  return changes;
}

}  // namespace cooper::sandbox
