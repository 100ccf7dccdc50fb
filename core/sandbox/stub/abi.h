// What the builder, a step's init and the stub agree on. Plain data: the stub is freestanding.
//
// The stub is a small static program that is executed in place of every program of a step, on the tiers that
// have no mounts. It maps the real program and its interpreter itself, and answers in-process
// (SECCOMP_RET_TRAP, SIGSYS) the system calls that name paths or ids, so that the step sees `root` as "/",
// and itself as whom it means to be.
//
// Descriptors. A step's processes inherit those below, at these numbers, and cannot close or replace them:
//   kRootFd    O_PATH, the directory that the step sees as "/"
//   kStubFd    the stub itself, for execveat(kStubFd, "", ..., AT_EMPTY_PATH)
//   kBoardFd   the board: a memory file, mapped shared at kBoardAddress by every stub
//   kChangesFd O_WRONLY|O_APPEND, the list of changed paths (see below); may be absent
//   kFirstBindFd + i: sources of binds, O_PATH or memory files
//   kChangedRootFd: what a process that called chroot() takes for "/"; the stub itself opens it
//
// First program. The init executes the stub with argv = {"cooper-stub", "start", PROGRAM, ARGV0, ARG...}: the
// stub installs its filter, then executes PROGRAM (a path as the step sees it) as it answers any execve, as
// the user and groups that the board names. It ends with 127 (no such program) or 126 (it cannot be
// executed), and says so on stderr: "cannot run 'PROGRAM': REASON".
//
// Changes. Every call that may change something beneath kRootFd appends a record before it is made: one of
// ChangeKind, then the path as the step sees it without the leading slash ("" is the root), then NUL. One
// write a record, so that records of many processes do not mix. What lies in binds is not listed. A path may
// be listed often, and without having changed: the reader looks at what is there at the end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cooper::sandbox::stub {

inline constexpr int kRootFd = 960;
inline constexpr int kStubFd = 961;
inline constexpr int kBoardFd = 962;
inline constexpr int kChangesFd = 963;
inline constexpr int kFirstBindFd = 964;
inline constexpr int kLastFd = 1022;
inline constexpr int kChangedRootFd = 1023;
inline constexpr std::size_t kMaxBinds = kLastFd - kFirstBindFd + 1;

inline constexpr std::uint64_t kStubAddress = 0x200000000000;
inline constexpr std::uint64_t kStubSize = 0x100000;
inline constexpr std::uint64_t kBoardAddress = 0x210000000000;
// Where each stub also maps a page of its program, so that others can tell from /proc/PID/maps what it runs.
inline constexpr std::uint64_t kMarkerAddress = 0x1ffffffff000;

enum class ChangeKind : char {
  kPath = 'p',  // the path itself, and its directory
  kTree = 't',  // all below it too: it was renamed, from here or to here
};

// What a step sees at `target` instead of what the root has there: the tree (or file) behind descriptor `fd`.
// The first bind whose target is a prefix of a path counts, so longer
// targets come first. In the root there is a symlink to itself at `target`: whoever gets there over another
// path meets ELOOP, and looks again component by component, with the binds in mind. A target that is reached
// over symlinks has two binds: as it is written, and where it is.
struct Bind {
  enum Flags : std::uint32_t {
    kReadOnly = 1,    // EROFS for whatever would write
    kDirectory = 2,   // the source is a directory
    kMagicLinks = 4,  // the source is /proc: its links lead where the kernel says
  };
  char target[256];  // as the step sees it: "/proc", "/run/secrets/token"
  std::int32_t fd;
  std::uint32_t flags;
};

enum class Owners : std::uint32_t {
  kTable,  // everything on disk is ours; the table says whose it is
  kReal,   // chown, mknod and capabilities work (root in a container): the table only knows what is shared
};

// One inode that is not simply what the disk says. Open addressing, linear probing; `inode` 0 is a free slot.
struct TableEntry {
  enum Flags : std::uint32_t {
    kOwned = 1,    // uid and gid count
    kMode = 2,     // mode counts (type and 07777)
    kDevice = 4,   // rdev counts
    kLinks = 8,    // links counts: what st_nlink is to say
    kPrivate = 16  // has several names in this root and no other: may be written in place
  };
  std::uint64_t device;
  std::uint64_t inode;
  std::uint32_t flags;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t mode;
  std::uint64_t rdev;
  std::uint32_t links;
  std::uint32_t first_xattr;  // index + 1 into the board's attributes; 0: none
};

// An extended attribute that the disk cannot hold (security.*, trusted.*, access control lists).
struct XattrRecord {
  char name[64];
  std::uint8_t value[184];
  std::uint32_t length;
  std::uint32_t next;  // index + 1
};

// What the first program of a step finds out about a bind.
struct Found {
  // The symlink in the root that keeps its place; inode 0: there is none.
  std::uint64_t device;
  std::uint64_t inode;
  char place[1024];  // of its source, outside; "": unknown, or too long
};

inline constexpr std::uint32_t kBoardVersion = 1;
inline constexpr std::size_t kMaxGroups = 64;
inline constexpr std::size_t kMaxCalls = 512;

// Followed by `capacity` TableEntries, at `table_offset`, and `xattr_capacity` XattrRecords, at
// `xattr_offset`.
struct Board {
  std::uint32_t version;
  Owners owners;
  // Whom every process of the step is to the kernel.
  std::uint32_t host_uid;
  std::uint32_t host_gid;
  // Whom the first program believes to be.
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t group_count;
  std::uint32_t groups[kMaxGroups];
  std::uint32_t trace;       // 1: each program that is executed, 2: each answered call too, on descriptor 2
  std::uint32_t no_network;  // socket() only makes AF_UNIX sockets, others fail with EACCES
  std::uint32_t bind_count;
  Bind binds[kMaxBinds];
  char root_path[4096];  // of kRootFd outside, as the first program found it: cut off from the kernel's paths
  std::uint64_t table_offset;
  std::uint64_t capacity;  // a power of two
  std::uint64_t xattr_offset;
  std::uint64_t xattr_capacity;
  // From here on the step writes.
  std::uint32_t lock;  // 0, or the pid of the process that writes the table
  std::uint32_t used;  // slots ever taken
  std::uint32_t xattrs_used;
  std::uint32_t table_full;          // something could not be kept: the step must not count as a success
  std::uint32_t refused[kMaxCalls];  // how often a call was refused that this tier cannot answer, by number
  std::uint32_t first_free_xattr;    // index + 1 of a record that was given back; the next one is its `next`
  std::uint32_t devices;             // whether some entry may be a device
  std::uint32_t acls;                // whether some file may have an access control list
  // By the first program, for all others.
  std::uint32_t no_openat2;   // the kernel, or a filter around the step, does not know it; tests may set it
  std::uint32_t init;         // the process whose descendants the step is
  std::uint64_t proc_device;  // of /proc: st_dev
  Found found[kMaxBinds];     // what was there for each bind
};

}  // namespace cooper::sandbox::stub
