// A stack of layers as one directory of ordinary files, for tiers that cannot mount: directories of its own,
// all else hard links into the layers' trees, so that it costs no copy of any file. Who writes to a file must
// make it a file of its own first (sandbox's stub does).
//
// /dev, /proc and /sys are symlinks to themselves in it, as whatever is mounted there hides what layers have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "os/beneath.h"
#include "snapshot/form.h"
#include "snapshot/inode_notes.h"
#include "snapshot/merged_view.h"

namespace cooper::snapshot {

// Whether a path is at or below a place that each step's own mounts hide: "dev", "proc", "sys".
bool is_system_place(std::string_view path);

// How files get into a farm. Copies may be written to in place.
enum class FarmFiles { kLinked, kCopied };

// Fills `directory`, which is empty and on the layers' file system, with what `view` has at `source` ("" for
// all of it); every layer has its tree. A single file becomes `directory`/its name. What `form` cannot hold
// goes to `notes`. Throws Error{kIo}.
void build_farm(const MergedView& view, const std::string& source, const std::string& directory, Form form,
                FarmFiles files, InodeNotes& notes, base::ThreadPool& pool);

// The places of a farm where mounts go: while it lives, they are symlinks to themselves (sandbox/stub/abi.h)
// with what is there put aside. Parents keep their times.
class FarmCovers {
 public:
  // `aside`: an empty directory on the same file system.
  FarmCovers(const std::string& farm, const std::string& aside);
  // Puts everything back; directories that had to be made go when they are still empty. Never throws: a farm
  // that could not be put right is not to be used again.
  ~FarmCovers();
  FarmCovers(const FarmCovers&) = delete;
  FarmCovers& operator=(const FarmCovers&) = delete;

  // `place`: where the mount is in the tree, with symlinks resolved. Nothing to do below another cover, or
  // below a system place. Throws Error{kIo}.
  void cover(const std::string& place);
  // What the destructor does; false when something could not be put back.
  bool uncover();

 private:
  struct Cover {
    std::string place;
    std::string aside;              // "" when nothing was there
    std::vector<std::string> made;  // directories above it, outermost first
  };
  void uncover(const Cover& cover) const;

  os::Root farm_;
  os::Root aside_;
  std::vector<Cover> covers_;
};

// mkdir -p for a step's working directory, which stays: the directories that were missing, outermost first.
std::vector<std::string> make_farm_directory(const std::string& farm, const std::string& path);

}  // namespace cooper::snapshot
