// From --cache-from and --cache-to to backends.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/request.h"
#include "build/toolbox.h"
#include "cache/blobs.h"
#include "cache/directory_backend.h"
#include "cache/records.h"
#include "oci/reference.h"

namespace cooper::build {

// A place to look in.
struct CacheImport {
  std::unique_ptr<cache::Records> records;
  std::optional<oci::Reference> repository;  // where its blobs can be mounted from
  std::chrono::seconds ttl = {};             // what is older counts as missing; zero: nothing is
};

// A place to write to.
struct CacheExport {
  std::unique_ptr<cache::Records> records;                  // null for inline
  bool all_steps = false;                                   // mode=max, else only those of the image
  bool must_succeed = false;                                // ignore-error=false
  std::shared_ptr<cache::DirectoryBackend> directory = {};  // type=local: its root is written at the end
  std::optional<oci::Reference> repository;
  std::optional<archive::CompressionOptions> compression;  // asked for by name

  bool is_inline() const { return records == nullptr; }
};

// Both throw Error{kUsage} naming the flag, the attribute and the choices, and ask nobody anything. `warn`
// hears of damage and outages.
std::vector<CacheImport> open_imports(const BuildRequest& request, Toolbox& tools, const cache::Warn& warn);
std::vector<CacheExport> open_exports(const BuildRequest& request, Toolbox& tools,
                                      const cache::BlobProvider& blobs, const cache::Warn& warn);

}  // namespace cooper::build
