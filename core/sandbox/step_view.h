// Paths as a step without mounts sees them: beneath its root, with its binds in mind.
//
// The stub does this for the step's programs. The init needs it for what comes before the first of them: its
// working directory, and which file of PATH it is.
#pragma once

#include <string>

#include "os/beneath.h"
#include "sandbox/bind_table.h"

namespace cooper::sandbox {

class StepView {
 public:
  // `binds` is borrowed.
  StepView(const std::string& root, const BindTable& binds) : root_(root), binds_(binds) {}

  const os::Root& root() const { return root_; }

  // Opens (O_PATH) what `path` leads to, over symlinks too, which cannot lead out. Throws Error{kIo}.
  os::Fd open(const std::string& path) const;

  // The same for a directory, which is made when it is missing, as runc makes a working directory. Throws
  // Error{kIo}.
  os::Fd make_directory(const std::string& path) const;

 private:
  // Without following anything: `path` is normal, and none of its directories is a symlink.
  os::Fd open_place(const std::string& path) const;

  os::Root root_;
  const BindTable& binds_;
};

}  // namespace cooper::sandbox
