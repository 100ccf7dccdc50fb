#include "sandbox/landlock.h"

#include <algorithm>
#include <cerrno>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::sandbox {

namespace {

// struct landlock_ruleset_attr as of ABI 6; Debian's headers end before it.
struct RulesetAttributes {
  std::uint64_t filesystem;
  std::uint64_t network;
  std::uint64_t scoped;
};
constexpr std::uint64_t kScopeAbstractSockets = 1;
constexpr std::uint64_t kScopeSignals = 2;
constexpr int kAbiWithScopes = 6;
constexpr int kAbiWithTruncate = 3;
constexpr int kAbiWithRenames = 2;

// What can be granted for a file; the rest is about what is in a directory.
constexpr std::uint64_t kOfFiles =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kTruncate = 1 << 14;     // LANDLOCK_ACCESS_FS_TRUNCATE
constexpr std::uint64_t kFirst = (1 << 13) - 1;  // all 13 of ABI 1
constexpr std::uint64_t kRefer = 1 << 13;        // LANDLOCK_ACCESS_FS_REFER

std::uint64_t rights_of(int abi) {
  return kFirst | kRefer | (abi >= kAbiWithTruncate ? kTruncate : 0);
}

}  // namespace

int Landlock::abi() {
  const auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return static_cast<int>(std::max(version, 0L));
}

bool Landlock::usable() {
  return abi() >= kAbiWithRenames;
}

Landlock::Landlock() : handled_(rights_of(abi())) {
  RulesetAttributes attributes{.filesystem = handled_, .network = 0, .scoped = 0};
  std::size_t size = sizeof attributes.filesystem;
  if (abi() >= kAbiWithScopes) {
    attributes.scoped = kScopeAbstractSockets | kScopeSignals;
    size = sizeof attributes;
  }
  ruleset_ = os::Fd(static_cast<int>(base::check(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0),
                                                 "create", "a set of Landlock rules")));
}

void Landlock::grant(int fd, Access access, const std::string& what) {
  struct stat status {};
  base::check(::fstat(fd, &status), "examine", what);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access == Access::kWrite ? handled_ : kRead;
  if (!S_ISDIR(status.st_mode)) rule.allowed_access &= kOfFiles | (handled_ & kTruncate);
  rule.parent_fd = fd;
  const auto result = ::syscall(SYS_landlock_add_rule, ruleset_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  // EBADFD: on a file system that has no names, as that of memory files.
  if (result < 0 && errno != EBADFD) base::throw_errno("grant access to", what);
}

void Landlock::enforce() const {
  base::check(::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0), "enforce", "the Landlock rules");
}

}  // namespace cooper::sandbox
