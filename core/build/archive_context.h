// A stream that is a tar, of any compression, or a Dockerfile: told apart by what it holds, as it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "ops/archive_tree.h"
#include "store/store.h"

namespace cooper::build {

inline constexpr std::size_t kDockerfileLimit = 16 << 20;  // bytes

struct ArchiveOrText {
  std::shared_ptr<const ops::ArchiveTree> tree;  // null for a text
  std::string text;
};

// Reads all of `in`, which is called `name` in errors. An archive is unpacked into the store's temporary
// files, for as long as its tree lives; `now` (seconds since the epoch) is the time of directories it only
// implies. Throws Error{kContext} for what is neither, Error{kCorrupt} for a broken archive.
ArchiveOrText read_archive_or_text(base::ByteSource& in, const std::string& name, const store::Store& store,
                                   std::int64_t now, const std::stop_token& stop);

}  // namespace cooper::build
