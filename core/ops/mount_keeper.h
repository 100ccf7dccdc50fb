// Who brings back what a cache mount held on another machine, and hears which mounts are used.
//
// A seam, so that steps know nothing of caches: build/ keeps mounts where --cache-to and --cache-from say.
#pragma once

#include <stop_token>
#include <string>

namespace cooper::ops {

// The directory of a cache mount that may outlive the job: <store>/mounts/<hex>/0. Further directories, of
// steps that do not share, are never kept.
struct KeptMount {
  std::string id;         // as the Dockerfile has it
  std::string name;       // the same on every machine, hex digits of a digest
  std::string directory;  // whose lock is <directory>.lock
};

class MountKeeper {
 public:
  virtual ~MountKeeper() = default;
  // Fills `tree`, an empty directory that the caller will publish as the mount's; false, leaving it empty,
  // when nothing is known of the mount or nothing of that can be used. One call for one mount at a time.
  // Throws Error{kCancelled}, and Error{kIo} where this machine is at fault.
  virtual bool restore(const KeptMount& mount, const std::string& tree, const std::stop_token& stop) = 0;
  // A step is going to run with it. From any thread.
  virtual void used(const KeptMount& mount) = 0;
};

}  // namespace cooper::ops
