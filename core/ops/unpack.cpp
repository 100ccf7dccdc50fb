#include "ops/unpack.h"

#include <algorithm>
#include <fmt/format.h>

#include "archive/foreign.h"
#include "base/error.h"
#include "base/text.h"
#include "ops/member_files.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "snapshot/xattrs.h"

namespace cooper::ops {
namespace {

using archive::TarEntry;
using snapshot::Entry;
using snapshot::EntryType;

constexpr std::size_t kLongestName = 4095;  // PATH_MAX, without its NUL
constexpr std::size_t kMostNames = std::size_t{1} << 30;
constexpr std::size_t kEntryCost = 512;

EntryType entry_type(archive::EntryType type) {
  switch (type) {
    case archive::EntryType::kFile:
    case archive::EntryType::kHardlink:
      return EntryType::kFile;
    case archive::EntryType::kDirectory:
      return EntryType::kDirectory;
    case archive::EntryType::kSymlink:
      return EntryType::kSymlink;
    case archive::EntryType::kCharDevice:
      return EntryType::kCharDevice;
    case archive::EntryType::kBlockDevice:
      return EntryType::kBlockDevice;
    case archive::EntryType::kFifo:
      return EntryType::kFifo;
  }
  return EntryType::kFile;
}

class Unpacker {
 public:
  Unpacker(TreeBuilder& builder, std::string target, const CopyAttributes& attributes, std::string name,
           const std::string& scratch)
      : builder_(builder),
        target_(std::move(target)),
        attributes_(attributes),
        name_(std::move(name)),
        members_(std::make_shared<MemberFiles>(scratch)) {}

  void add(const TarEntry& member, base::ByteSource& content) {
    check_bounds(member);
    std::string path = place(member.path, member);
    if (path == target_ && member.type == archive::EntryType::kDirectory) return;
    Addition addition;
    addition.entry = describe(member, path);
    if (member.type == archive::EntryType::kHardlink) {
      addition = link(member, addition.entry);
    } else if (member.type == archive::EntryType::kFile) {
      MemberFiles::Kept kept = members_->keep(content, member.size, member.path);
      addition.entry.content = kept.digest;
      addition.bytes = {members_, std::move(kept.path), {}};
    }
    builder_.put_over(std::move(addition));
  }

 private:
  // A small archive can hold very many members and very long names; both stay in memory.
  void check_bounds(const TarEntry& member) {
    if (std::max(member.path.size(), member.link_target.size()) > kLongestName) {
      throw base::Error(
          base::ErrorKind::kCorrupt,
          fmt::format("archive '{}' has a member with a name of more than {} bytes", name_, kLongestName));
    }
    names_ += kEntryCost + member.path.size() + member.link_target.size();
    for (const auto& [name, value] : member.xattrs) names_ += name.size() + value.size();
    if (names_ > kMostNames) {
      throw base::Error(base::ErrorKind::kCorrupt, fmt::format("archive '{}' has too many members", name_));
    }
  }

  // Where a member's name leads: parents made, symlinks on the way followed inside the image's own root.
  std::string place(const std::string& stored, const TarEntry& member) {
    for (const std::string& component : base::split(stored, '/')) {
      if (component == "..") escape(member);
    }
    std::string wanted = snapshot::join_path(target_, snapshot::clean_path(stored));
    if (wanted.empty() || wanted == target_) return target_;
    NewDirectory parent{0755, attributes_.uid.value_or(0), attributes_.gid.value_or(0), attributes_.now};
    return snapshot::join_path(builder_.make_directories(std::string(snapshot::parent_path(wanted)), parent),
                               snapshot::base_name(wanted));
  }

  [[noreturn]] void escape(const TarEntry& member) const {
    throw base::Error(
        base::ErrorKind::kCorrupt,
        fmt::format("archive '{}' has a member that would leave its directory: '{}'", name_, member.path));
  }

  Entry describe(const TarEntry& member, const std::string& path) const {
    Entry entry;
    entry.path = path;
    entry.type = entry_type(member.type);
    entry.mode = member.type == archive::EntryType::kSymlink ? 0777 : member.mode & 07777;
    entry.uid = attributes_.uid.value_or(member.uid);
    entry.gid = attributes_.gid.value_or(member.gid);
    entry.mtime = member.mtime;
    entry.mtime_nsec = member.mtime_nsec;
    entry.size = member.type == archive::EntryType::kFile ? member.size : 0;
    entry.device_major = member.device_major;
    entry.device_minor = member.device_minor;
    entry.xattrs = snapshot::layer_xattrs(member.xattrs);
    if (member.type == archive::EntryType::kSymlink) entry.link_target = member.link_target;
    if (!attributes_.mode.empty() && entry.type != EntryType::kSymlink) {
      entry.mode = apply_mode(attributes_.mode, entry.mode, entry.is_directory());
    }
    return entry;
  }

  // Both names get the same bytes and one link group, named after the first.
  Addition link(const TarEntry& member, const Entry& entry) {
    std::string path = place(member.link_target, member);
    const Addition* original = builder_.find_addition(path);
    if (original == nullptr || original->entry.type != EntryType::kFile) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("archive '{}' links '{}' to '{}', which it does not hold", name_,
                                    member.path, member.link_target));
    }
    Addition first = *original;
    if (first.link_group.empty()) {
      first.link_group = fmt::format("{}/{}", members_->directory(), first.bytes.path);
    }
    Addition second = first;
    second.entry.path = entry.path;
    builder_.put(std::move(first));
    return second;
  }

  TreeBuilder& builder_;
  std::string target_;
  const CopyAttributes& attributes_;
  std::string name_;
  std::shared_ptr<MemberFiles> members_;
  std::size_t names_ = 0;  // bytes that the members take in memory, roughly
};

}  // namespace

void unpack_into(TreeBuilder& builder, const snapshot::TreeView& source, const Entry& archive,
                 const std::string& target, const CopyAttributes& attributes, const std::string& scratch) {
  os::Fd fd = source.open(archive.path);
  os::FdSource bytes(fd.get(), archive.path);
  // It lives as long as `scratch`: the layer is staged later.
  std::string directory = os::TempDir(scratch, "archive-").release();
  unpack_stream(builder, bytes, "/" + archive.path, target, attributes, directory);
}

void unpack_stream(TreeBuilder& builder, base::ByteSource& in, const std::string& name,
                   const std::string& target, const CopyAttributes& attributes,
                   const std::string& directory) {
  Unpacker unpacker(builder, target, attributes, name, directory);
  archive::read_archive(
      in, name, [&](const TarEntry& member, base::ByteSource& content) { unpacker.add(member, content); });
}

}  // namespace cooper::ops
