#include "sandbox/bind_table.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"

namespace cooper::sandbox {

namespace {

using Flags = stub::Bind::Flags;

constexpr std::array kDevices = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"};
constexpr std::array<std::pair<const char*, const char*>, 5> kDeviceLinks = {{
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
    {"core", "/proc/kcore"},
}};

bool is_directory(const os::Fd& file, const std::string& target) {
  struct stat status {};
  base::check(::fstat(file.get(), &status), "examine the mount for", target);
  if (S_ISLNK(status.st_mode)) throw base::os_error(ELOOP, "mount a symlink at", target);
  return S_ISDIR(status.st_mode);
}

void make_directory(const std::string& path, mode_t mode) {
  base::check(::mkdir(path.c_str(), mode), "create the directory", path);
  base::check(::chmod(path.c_str(), mode), "set the mode of", path);  // whatever the umask is
}

os::Fd open_part(const BindMount& mount) {
  if (mount.path.empty()) return os::open_file(mount.source, O_PATH | O_NOFOLLOW);
  return os::Root(mount.source).open_in_root("/" + mount.path, O_PATH);
}

// Nobody can change it, whatever descriptor he gets hold of.
os::Fd sealed_file(const FileMount& mount) {
  os::Fd file(
      base::check(::memfd_create("cooper-file", MFD_CLOEXEC | MFD_ALLOW_SEALING), "create", "a memory file"));
  os::FdSink(file.get(), mount.target).write(std::as_bytes(std::span(mount.content)));
  // Only root can give files away; where ids are only believed in, the board says whose it is.
  if (::fchown(file.get(), mount.uid, mount.gid) < 0 && errno != EPERM && errno != EINVAL)
    base::throw_errno("chown", mount.target);
  base::check(::fchmod(file.get(), mount.mode), "set the mode of", mount.target);
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  base::check(::fcntl(file.get(), F_ADD_SEALS, kSeals), "seal", mount.target);
  return file;
}

}  // namespace

std::string normal_path(const std::string& path) {
  std::vector<std::string> names;
  for (auto& name : base::split(path, '/')) {
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(std::move(name));
    }
  }
  return "/" + base::join(names, "/");
}

bool is_beneath(const std::string& path, const std::string& directory) {
  if (directory == "/") return true;
  return path.compare(0, directory.size(), directory) == 0 &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

BindTable::BindTable(const FarmRoot& farm) : farm_(farm) {}

void BindTable::add_system_directories() {
  bind("/proc", add_source(os::open_file("/proc", O_PATH | O_DIRECTORY)),
       Flags::kDirectory | Flags::kMagicLinks);
  if (os::Fd sys(::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)); sys.valid())
    bind("/sys", add_source(std::move(sys)), Flags::kDirectory | Flags::kReadOnly);
  add_devices();
}

// A directory of our own, so that a step's /dev holds what Docker's does and no disk of the host.
void BindTable::add_devices() {
  const std::string place = make_scratch(0755);
  const std::size_t directory = add_source(os::open_file(place, O_PATH | O_DIRECTORY));
  scratch_paths_[directory] = place;
  bind("/dev", directory, Flags::kDirectory);
  for (const auto& [name, target] : kDeviceLinks) {
    base::check(::symlink(target, (place + "/" + name).c_str()), "create the link /dev/", name);
  }
  make_directory(place + "/shm", 01777);
  make_directory(place + "/mqueue", 01777);
  for (const std::string name : kDevices) {
    os::Fd node(::open(("/dev/" + name).c_str(), O_PATH | O_CLOEXEC));
    if (!node.valid()) continue;  // a container without /dev/tty
    const std::uint32_t flags = is_directory(node, "/dev/" + name) ? Flags::kDirectory : 0U;
    bind("/dev/" + name, add_source(std::move(node)), flags);
  }
}

void BindTable::add(const MountOp& mount) {
  std::visit(
      [this](const auto& op) {
        try {
          add_mount(op);
        } catch (base::Error& error) {
          throw error.context("mount at '" + op.target + "'");
        }
      },
      mount);
}

void BindTable::add_mount(const BindMount& mount) {
  os::Fd file = open_part(mount);
  std::uint32_t flags = 0;
  if (is_directory(file, mount.target)) flags |= Flags::kDirectory;
  if (mount.read_only) flags |= Flags::kReadOnly;
  bind(mount.target, add_source(std::move(file)), flags);
}

void BindTable::add_mount(const OverlayMount& /*mount*/) {
  throw base::Error(base::ErrorKind::kInternal, "an overlay on a tier without mounts");
}

void BindTable::add_mount(const TmpfsMount& mount) {
  const std::string place = make_scratch(mount.mode);
  const std::size_t source = add_source(os::open_file(place, O_PATH | O_DIRECTORY));
  scratch_paths_[source] = place;
  bind(mount.target, source, Flags::kDirectory);
}

void BindTable::add_mount(const FileMount& mount) {
  os::Fd file = sealed_file(mount);
  struct stat status {};
  base::check(::fstat(file.get(), &status), "examine the mount for", mount.target);
  memory_files_.push_back({status.st_dev, status.st_ino, mount.uid, mount.gid});
  bind(mount.target, add_source(std::move(file)), Flags::kReadOnly);
}

std::string BindTable::make_scratch(std::uint32_t mode) {
  std::string place = fmt::format("{}/{}", farm_.scratch, ++scratch_count_);
  make_directory(place, mode);
  return place;
}

std::size_t BindTable::add_source(os::Fd source) {
  sources_.push_back(std::move(source));
  scratch_paths_.emplace_back();
  return sources_.size() - 1;
}

void BindTable::bind(const std::string& target, std::size_t source, std::uint32_t flags) {
  bind_once(normal_path(target), source, flags);
  for (const auto& place : farm_.places) {
    if (normal_path(place.target) == normal_path(target)) bind_once(normal_path(place.path), source, flags);
  }
}

void BindTable::bind_once(const std::string& target, std::size_t source, std::uint32_t flags) {
  if (target == "/") throw base::os_error(EBUSY, "mount over the root at", target);
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                [&](const Entry& entry) { return is_beneath(entry.target, target); }),
                 entries_.end());
  leave_mark(target);
  entries_.push_back({target, source, flags});
}

// The symlink to itself that tells whoever gets there over another path to look for a bind. The root has them
// already; what other binds show is not ours to change.
void BindTable::leave_mark(const std::string& target) {
  const auto match = find(target);
  if (!match || scratch_paths_[match->entry->source].empty()) return;
  const std::string mark = scratch_paths_[match->entry->source] + "/" + match->rest;
  os::make_directories(mark.substr(0, mark.rfind('/')));
  os::remove_tree(mark);
  const std::string name = mark.substr(mark.rfind('/') + 1);
  base::check(::symlink(name.c_str(), mark.c_str()), "mark the mount point", target);
}

std::vector<BindTable::Entry> BindTable::entries() const {
  auto sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& left, const Entry& right) {
    return left.target.size() > right.target.size();
  });
  return sorted;
}

std::optional<BindTable::Match> BindTable::find(const std::string& path) const {
  const Entry* best = nullptr;
  for (const auto& entry : entries_) {
    if (!is_beneath(path, entry.target)) continue;
    if (best == nullptr || entry.target.size() > best->target.size()) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  const std::string rest = path.size() > best->target.size() ? path.substr(best->target.size() + 1) : "";
  return Match{best, rest};
}

os::Fd BindTable::open(const Entry& entry, const std::string& rest) const {
  const int source = sources_[entry.source].get();
  os::Fd copy(base::check(::fcntl(source, F_DUPFD_CLOEXEC, 0), "open the mount at", entry.target));
  return rest.empty() ? std::move(copy) : os::Root(std::move(copy)).open_nofollow(rest, O_PATH);
}

void BindTable::publish(stub::Board& board) const {
  const auto sorted = entries();
  if (sorted.size() > stub::kMaxBinds) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "a step with more mounts than are possible without mounts")
        .hint(fmt::format("use {} mounts or less", stub::kMaxBinds - 16));
  }
  board.bind_count = 0;
  for (const auto& entry : sorted) {
    stub::Bind& bind = board.binds[board.bind_count];
    bind = {};
    bind.fd = stub::kFirstBindFd + static_cast<int>(board.bind_count++);
    if (entry.target.size() >= sizeof bind.target) {
      throw base::Error(base::ErrorKind::kUnsupported,
                        fmt::format("a mount's target is too long: '{}'", entry.target))
          .hint(fmt::format("use less than {} characters", sizeof bind.target));
    }
    std::memcpy(bind.target, entry.target.data(), entry.target.size());
    bind.flags = entry.flags;
  }
}

}  // namespace cooper::sandbox
