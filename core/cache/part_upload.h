// A large body in parts, several on their way at once: S3's multipart upload, Azure's blocks. Private to
// cache's stores.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

#include "cache/object_store.h"

namespace cooper::cache {

// 16 MiB, and more where the body would have more than `most_parts`.
std::uint64_t part_size_for(std::uint64_t size, std::uint64_t most_parts);

// Sends part `number`, from 0 on. Called from several threads.
using SendPart = std::function<void(std::size_t number, base::ByteSpan part, const std::stop_token& stop)>;

// Reads the body once, in order, and holds `parallelism` parts in memory. The first failure stops the others
// and is thrown.
void upload_parts(const ObjectStore::Body& body, std::uint64_t part_size, int parallelism,
                  const SendPart& send, const std::stop_token& stop);

// A body that is a piece of memory which the caller keeps.
ObjectStore::Body memory_body(base::ByteSpan data);

}  // namespace cooper::cache
