// Everything that one build was asked for. Plain data: the command line, an adapter or a file fills it in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "archive/compression.h"
#include "image/annotations.h"
#include "oci/platform.h"

namespace cooper::build {

// One --output, as buildx spells it: type and its attributes.
struct Output {
  std::string type;  // registry, image, oci, docker, local, tar, cacheonly
  std::map<std::string, std::string> attributes;
};

// One --cache-from or --cache-to, as buildx spells it.
struct CachePlace {
  std::string type;  // registry, local, inline, s3, gcs, azblob
  std::map<std::string, std::string> attributes;
};

// --cache-mounts: which cache mounts of RUN outlive the job, kept where --cache-to says.
struct CacheMounts {
  bool persist = false;
  std::set<std::string> ids;                        // empty: all
  std::uint64_t max_size = std::uint64_t{2} << 30;  // bytes of one mount; a larger one is not saved
  std::int64_t max_age = 0;                         // seconds; files unused for longer are left out; 0: none

  bool persists(const std::string& id) const { return persist && (ids.empty() || ids.contains(id)); }
};

struct SecretSource {
  std::string id;
  std::string file;                  // read when a step needs it
  std::optional<std::string> value;  // from the environment
};

// A tar in an object store that is the context, instead of BuildRequest::context.
struct ContextObject {
  std::string type;                               // s3, gcs, azblob
  std::map<std::string, std::string> attributes;  // as a cache in such a store has them
  std::string object;
};

// What somebody knows of a context before it is looked at.
struct ContextForm {
  std::optional<ContextObject> object;
  bool is_archive = false;   // what is fetched or read must be a tar: never a Dockerfile
  bool is_ignoring = false;  // its ignore file counts also where it was fetched
  std::string directory;     // the part of it that is the context, "" for all; not of a local directory
};

// How the layers of this build become those of the image.
struct ImageShape {
  bool single_layer = false;          // one for all steps of the final stage
  std::vector<std::string> left_out;  // absolute paths that, with all below, are in none of them

  bool is_as_built() const { return !single_layer && left_out.empty(); }
};

struct BuildRequest {
  std::string context;     // as written: a directory, a tar file, "-", a URL (docs/contexts.md)
  std::string dockerfile;  // a path, a URL, "-" for standard input; "" for the context's Dockerfile
  std::optional<std::string> dockerfile_text;
  // Files and directories that are none of the main context, whatever its ignore file says: what is written
  // beside the sources. Absolute.
  std::vector<std::string> hidden_files;
  std::map<std::string, std::string> named_contexts;  // --build-context name=value

  ContextForm context_form;
  bool verify_git = true;  // false: git servers may show any certificate

  std::string target;
  std::vector<std::string> further_targets;  // stages that are built, too, and go nowhere
  ImageShape shape;
  std::vector<oci::Platform> platforms;  // empty: the host's
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> labels;
  std::vector<image::Annotation> annotations;
  std::vector<std::string> tags;
  std::vector<Output> outputs;
  std::vector<SecretSource> secrets;
  std::map<std::string, std::string> ssh_sockets;            // --ssh ID=SOCKET
  std::map<std::string, std::vector<std::string>> ssh_keys;  // --ssh ID=KEYFILE,…
  std::string known_hosts;  // ssh host keys, besides what ssh itself reads; "" for none

  std::vector<CachePlace> cache_from;
  std::vector<CachePlace> cache_to;
  CacheMounts cache_mounts;
  bool no_cache = false;
  std::vector<std::string> no_cache_stages;
  std::string network = "default";  // default, host, none
  std::set<std::string> allow;      // entitlements: security.insecure, network.host
  std::vector<std::string> extra_hosts;
  std::vector<std::string> ulimits;
  std::int64_t shm_size = 0;
  std::string cgroup_parent;
  std::string check;  // BUILDKIT_DOCKERFILE_CHECK form, "" for the Dockerfile's own

  std::optional<std::int64_t> epoch;  // --source-date-epoch, seconds
  bool epoch_from_git = true;         // otherwise the commit's time, where the context is a git work tree

  bool check_push = true;  // ask registries, before anything runs, whether they will take the image
  std::string iid_file;
  std::string metadata_file;
  int max_parallelism = 0;  // RUN steps at once, 0: by the machine
};

}  // namespace cooper::build
