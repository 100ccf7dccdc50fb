// The trees in which steps run where nothing can be mounted, kept from one step to the next: the tree that a
// step leaves is the next one's, so a chain of RUN steps makes its farm once.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "ops/board_notes.h"
#include "os/beneath.h"
#include "sandbox/board.h"
#include "snapshot/layer_store.h"

namespace cooper::ops {

// A farm, and the board that says of it what the disk cannot. One step's at a time.
class StepTree {
 public:
  StepTree(os::TempDir directory, sandbox::stub::Owners owners, std::size_t inodes);

  std::string farm() const { return directory_.path() + "/farm"; }
  // An empty directory for what mounts hide.
  std::string aside() const { return directory_.path() + "/aside"; }
  // A file for the list of changes.
  std::string changes() const { return directory_.path() + "/changes"; }
  sandbox::Board& board() { return board_; }
  BoardNotes& notes() { return notes_; }
  // Whether the board has room for what one more step may do.
  bool has_room() const;

 private:
  os::TempDir directory_;
  sandbox::Board board_;
  BoardNotes notes_;
};

// Safe to use from several threads.
class Farms {
 public:
  // `layers` is borrowed. Its form says whose the owners are: the disk's (kReal) or the board's (kOwn).
  explicit Farms(snapshot::LayerStore& layers) : layers_(layers) {}

  // A tree of `stack`, the caller's alone: one that was given back, else a new one. Every layer is
  // materialised.
  std::unique_ptr<StepTree> take(const snapshot::LayerStack& stack);
  // The tree is one of `stack` now, for whoever takes it next.
  void give_back(const snapshot::LayerStack& stack, std::unique_ptr<StepTree> tree);

 private:
  snapshot::LayerStore& layers_;
  base::Guarded<std::map<std::string, std::unique_ptr<StepTree>>> idle_;  // by the layers' ids
};

}  // namespace cooper::ops
