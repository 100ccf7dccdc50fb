// SOURCE_DATE_EPOCH that names a context or a stage: the time of what is named.
//
// A repository has its commit's time; a URL its Last-Modified, or else the time of the newest file in the
// archive that it gives; an archive that of its newest file; a directory that of the commit it has checked
// out. As in BuildKit, but for the directory, which has no time there.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/bytes.h"
#include "build/open_context.h"
#include "graph/op.h"
#include "ops/remote_source.h"

namespace cooper::build {

// Seconds since the epoch; nullopt when it has none. `remote` serves `source`, null for local ones.
std::optional<std::int64_t> time_of(const graph::Op& source, const OpenedContext& contexts,
                                    ops::RemoteSource* remote, const std::stop_token& stop);

// Of a file in the archive that `file` gives; nullopt when it is none, is broken, or holds no file.
std::optional<std::int64_t> newest_file_in(base::ByteSource& file);

}  // namespace cooper::build
