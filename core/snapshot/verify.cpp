#include "snapshot/verify.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/file_pack.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kMaximumIndex = std::size_t{4} << 30;  // bytes

// Whiteouts and devices look different in every form, and hold no bytes.
bool is_expected_type(const Entry& entry, mode_t mode) {
  switch (entry.type) {
    case EntryType::kFile:
    case EntryType::kHardlink:
      return S_ISREG(mode);
    case EntryType::kDirectory:
      return S_ISDIR(mode);
    case EntryType::kSymlink:
      return S_ISLNK(mode);
    default:
      return true;
  }
}

std::string find_entry_damage(int tree, const Entry& entry) {
  if (entry.path.empty() || entry.type == EntryType::kWhiteout) return "";
  struct stat status {};
  if (::fstatat(tree, entry.path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == EACCES ? "" : base::os_error(errno, "examine", entry.path).summary();
  }
  if (!is_expected_type(entry, status.st_mode)) return fmt::format("'{}' is of another type", entry.path);
  if (S_ISREG(status.st_mode) && (entry.type == EntryType::kFile || entry.type == EntryType::kHardlink) &&
      static_cast<std::uint64_t>(status.st_size) != entry.size) {
    return fmt::format("'{}' has {} bytes, not {}", entry.path, status.st_size, entry.size);
  }
  return "";
}

std::string find_tree_damage(const std::string& tree, const LayerIndex& index) {
  const os::Fd directory(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return errno == EACCES ? "" : base::os_error(errno, "open", tree).summary();
  for (const Entry& entry : index.entries()) {
    std::string damage = find_entry_damage(directory.get(), entry);
    if (!damage.empty()) return fmt::format("in '{}': {}", tree, damage);
  }
  return "";
}

}  // namespace

std::string find_layer_damage(const store::Item& item) {
  std::span<const std::string> trees = std::span(item.paths).subspan(1);
  const std::string pack = item.paths[0] + "/pack";
  const bool is_packed = ::access(pack.c_str(), F_OK) == 0;
  if (trees.empty() && !is_packed) return "its bytes are missing";
  try {
    LayerIndex index = LayerIndex::parse(os::read_file(item.paths[0] + "/index", kMaximumIndex));
    if (is_packed) FilePack(pack, std::make_shared<const LayerIndex>(index));
    for (const std::string& tree : trees) {
      std::string damage = find_tree_damage(tree, index);
      if (!damage.empty()) return damage;
    }
  } catch (const base::Error& error) {
    return error.summary();
  }
  return "";
}

}  // namespace cooper::snapshot
