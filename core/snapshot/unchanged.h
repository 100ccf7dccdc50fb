// What a step touched and left as it was: it is no part of the step's layer, as in BuildKit's.
//
// Overlay copies a file up when it is opened for writing or given the owner that it has, and a directory when
// a file in it comes and goes; COPY writes files again that are there already. Of a directory the time does
// not count. Of all else size and time do; where neither time has nanoseconds, because a tar gave it, only
// the content can tell.
#pragma once

#include <functional>
#include <vector>

#include "snapshot/entry.h"

namespace cooper::snapshot {

enum class Change { kNone, kOfContentOnly, kYes };

// `below` and `above` are entries of the same path; kHardlink is a file.
Change find_change(const Entry& below, const Entry& above);

// Which of `sorted` (path_less order) make the layer: all that changed, and the directories that lead there.
std::vector<bool> mark_changes(const std::vector<const Entry*>& sorted,
                               const std::function<bool(std::size_t)>& is_unchanged);

}  // namespace cooper::snapshot
