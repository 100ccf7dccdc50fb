// What a vertex does: plain data, digestible, printable, free of Dockerfile terms.
//
// Every op but LocalSource yields a layer stack: that of its first input, plus at most one layer of its own.
// LocalSource yields a build context. `Vertex::inputs` holds the operands; ops name them by position in that
// list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "oci/platform.h"

namespace cooper::graph {

// The layers of an image, pinned. Inputs: none.
struct ImageSource {
  std::string reference;         // canonical name, for people and for pulling
  base::Digest manifest_digest;  // of the platform's manifest: the identity
  oci::Platform platform;
};

// A build context: "context" is the main one, others are named by --build-context. Inputs: none.
struct LocalSource {
  std::string name = "context";
};

// One file fetched over HTTP, alone in its layer as `/<filename>`. Inputs: none.
struct HttpSource {
  std::string url;
  std::string filename;
  std::optional<base::Digest> checksum;
};

// A git tree at `/`. Inputs: none.
struct GitSource {
  std::string url;       // without fragment
  std::string ref;       // branch, tag, commit, or "" for the default branch
  std::string subdir;    // "" for the whole tree
  std::string checksum;  // commit or its prefix, "" for none
  bool keep_git_dir = false;
  bool submodules = true;
};

// Who owns what an action creates. Names resolve against the base's /etc/passwd and /etc/group.
struct Owner {
  std::string user;   // name or number, "" for 0
  std::string group;  // name or number, "" for the user's own number (0 when no user was given either)
};

// COPY and ADD. Sources are read from inputs[input]; -1 means the files made by earlier Mkfile actions of
// this op (heredocs).
struct CopyAction {
  int input = 0;                      // position in Vertex::inputs
  std::vector<std::string> sources;   // cleaned, absolute inside the source's root, with wildcards
  std::string destination;            // absolute; a trailing slash means directory
  std::optional<Owner> owner;         // --chown
  std::string mode;                   // --chmod: octal or symbolic, "" for the source's own
  std::vector<std::string> excludes;  // --exclude, pattern matcher's rules
  bool keep_parents = false;          // --parents; "/./" in a source marks the pivot
  bool unpack_archives = false;       // ADD of local archives
  bool follow_symlinks = true;        // of the source's last component
  bool allow_empty_wildcard = true;
  bool literal = false;  // wildcards mean themselves (heredoc files)
};

// A directory and its missing parents. WORKDIR.
struct MkdirAction {
  std::string path;
  std::uint32_t mode = 0755;
  std::optional<Owner> owner;
};

// A file with the given content. Heredocs.
struct MkfileAction {
  std::string path;
  std::string content;
  std::uint32_t mode = 0644;
  std::optional<Owner> owner;
};

using FileAction = std::variant<CopyAction, MkdirAction, MkfileAction>;

// Actions on inputs[0] in order, giving one layer. inputs[0] is -1 for scratch.
struct File {
  std::vector<FileAction> actions;
};

struct BindMount {
  int input = 0;          // position in Vertex::inputs
  std::string source;     // path inside it
  bool writable = false;  // writes are discarded
};
struct CacheMount {
  std::string id;
  enum class Sharing { kShared, kPrivate, kLocked } sharing = Sharing::kShared;
  int input = -1;      // seed, -1 for none
  std::string source;  // path inside the seed, else inside the cache
  std::uint32_t mode = 0755;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool read_only = false;
};
struct TmpfsMount {
  std::int64_t size = 0;  // bytes, 0: no limit of its own
};
struct SecretMount {
  std::string id;
  std::string env;  // expose as this variable, "" for none
  bool as_file = true;
  bool required = false;
  std::uint32_t mode = 0400;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
struct SshMount {
  std::string id = "default";
  bool required = false;
  std::uint32_t mode = 0600;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct Mount {
  std::string target;  // absolute
  std::variant<BindMount, CacheMount, TmpfsMount, SecretMount, SshMount> what;
};

// A script that a heredoc gives to RUN, mounted read-only at `path` with mode 0755.
struct ScriptFile {
  std::string path;
  std::string content;
};

// RUN on inputs[0]; further inputs are what mounts refer to.
struct Exec {
  std::vector<std::string> argv;  // the shell included
  std::vector<std::string> env;   // "K=V": the image's ENV and the ARGs in scope
  std::string cwd = "/";
  std::string user;  // as USER wrote it, "" for root
  std::vector<Mount> mounts;
  std::vector<ScriptFile> scripts;
  enum class Network { kDefault, kNone, kHost } network = Network::kDefault;
  bool insecure = false;  // --security=insecure

  // Outside the digest: they do not change what the step means.
  std::vector<std::string> proxy_env;    // "K=V", visible to the step
  std::vector<std::string> extra_hosts;  // "name:address"
  std::string hostname;
  std::int64_t shm_size = 0;  // bytes, 0: 64 MiB
  std::vector<std::string> ulimits;
  std::string cgroup_parent;  // "" for the builder's own control group
};

// inputs[0] with the own layers of inputs[1] on top, unread: COPY --link.
struct Merge {};

using Op = std::variant<ImageSource, LocalSource, HttpSource, GitSource, File, Exec, Merge>;

}  // namespace cooper::graph
