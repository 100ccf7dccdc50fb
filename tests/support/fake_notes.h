// Notes about inodes in a map, as a step's board keeps them, and recorded for tests to look at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "snapshot/inode_notes.h"

namespace cooper::support {

// Owners are the notes' alone (Form::kOwn) or the disk's.
class FakeNotes final : public snapshot::InodeNotes {
 public:
  explicit FakeNotes(bool keeps_owners) : keeps_owners_(keeps_owners) {}

  void note(std::uint64_t device, std::uint64_t inode, const snapshot::Entry& entry,
            std::uint32_t links) override {
    noted_[{device, inode}] = {entry, links};
  }
  bool claim(std::uint64_t device, std::uint64_t inode, const std::string& file) override {
    return claimed_.with([&](auto& files) {
      return files.try_emplace({device, inode}, file).first->second == file;
    });
  }
  bool correct(std::uint64_t device, std::uint64_t inode, snapshot::Entry& entry) const override {
    auto found = noted_.find({device, inode});
    if (keeps_owners_) entry.uid = entry.gid = 0;
    if (found == noted_.end() || !keeps_owners_) return found != noted_.end();
    const snapshot::Entry& noted = found->second.first;
    entry.uid = noted.uid;
    entry.gid = noted.gid;
    if (entry.type != snapshot::EntryType::kSymlink) entry.mode = noted.mode;
    if (noted.type == snapshot::EntryType::kCharDevice || noted.type == snapshot::EntryType::kBlockDevice) {
      entry.type = noted.type;
      entry.device_major = noted.device_major;
      entry.device_minor = noted.device_minor;
    }
    for (const auto& [name, value] : noted.xattrs) entry.xattrs[name] = value;
    return true;
  }

  using Key = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
  const std::map<Key, std::pair<snapshot::Entry, std::uint32_t>>& noted() const { return noted_; }

 private:
  bool keeps_owners_;
  std::map<Key, std::pair<snapshot::Entry, std::uint32_t>> noted_;
  base::Guarded<std::map<Key, std::string>> claimed_;
};

}  // namespace cooper::support
