// Everything a sandboxed step needs, as data: an ordered list of set-up operations, then a program.
//
// The launcher sends it, serialised, to the process that becomes the step's init. Paths named `source` are in
// the builder's view; `target` is inside the new root.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace cooper::sandbox {

struct OverlayRoot {
  std::vector<std::string> lower;  // directories, topmost first; empty: an empty tree
  std::string upper;
  std::string work;
};

// A directory that holds the whole tree, ours alone, for the tiers without mounts: the stub shows it as "/".
// Where mounts go, /proc, /dev, /sys, /etc/resolv.conf and /etc/hosts included, it has symlinks to themselves
// (stub/abi.h).
struct FarmRoot {
  // A mount's target whose path leads over symlinks of the tree, and where that is.
  struct Place {
    std::string target;
    std::string path;
  };
  std::string directory;
  std::string scratch;  // an empty directory for the step's own files; the caller removes it
  std::vector<Place> places;
  // Borrowed, and sent beside the spec: sandbox::Board::fd(), and what gets the list of changes.
  int board = -1;
  int changes = -1;
};

struct BindMount {
  std::string source;
  std::string target;
  bool read_only = true;
  std::string path{};  // what of `source`, whose symlinks cannot lead out of it; "" for all
};
// A path of a layer stack, mounted at `target`: `source` (a directory or a file of the merged tree, "" for
// its root) of an overlay of `lower`. With an upper, writes are seen by the step and then discarded; without,
// it is read-only.
struct OverlayMount {
  std::vector<std::string> lower;  // topmost first
  std::string upper;               // "" for read-only
  std::string work;
  std::string source;
  std::string target;
};
struct TmpfsMount {
  std::string target;
  std::int64_t size = 0;
  std::uint32_t mode = 01777;
};
// A small read-only file made of bytes (secrets, scripts, resolv.conf); never written to disk. An owner that
// the user namespace does not map becomes root.
struct FileMount {
  std::string target;
  std::string content;
  std::uint32_t mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
using StepRoot = std::variant<OverlayRoot, FarmRoot>;
using MountOp = std::variant<BindMount, OverlayMount, TmpfsMount, FileMount>;

enum class Network { kHost, kNone };

struct Spec {
  StepRoot root;
  std::vector<MountOp> mounts;  // in order, after /proc, /dev, /sys, resolv.conf and hosts
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string cwd = "/";
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // supplementary
  Network network = Network::kHost;
  std::string hostname = "buildkitsandbox";
  std::vector<std::string> extra_hosts;  // "name:address"
  std::int64_t shm_size = 64 << 20;
  std::vector<std::string> ulimits;  // "nofile=1024:2048"
  std::vector<std::string> cgroups;  // cgroup.procs files of the control groups to join
  bool insecure = false;             // keep all capabilities, no seccomp filter
  std::int64_t timeout_ms = 0;       // 0: none

  // One length-framed byte string; parse() throws Error{kInternal} on anything else.
  std::string serialize() const;
  static Spec parse(const std::string& bytes);
};

}  // namespace cooper::sandbox
