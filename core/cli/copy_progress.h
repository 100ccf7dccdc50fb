// What is said on standard error while images are copied: a line for each blob.
#pragma once

#include <mutex>
#include <string>

#include "transfer/copy.h"

namespace cooper::cli {

class CopyProgress {
 public:
  explicit CopyProgress(bool quiet) : quiet_(quiet) {}

  // Options that report here; this object must outlive their use.
  transfer::CopyOptions options();
  // "copied debian:12 to the store: 3 of 4 blobs sent, 48 MB".
  void tell(const std::string& from, const std::string& to, const transfer::CopyResult& done) const;

 private:
  const bool quiet_;
  std::mutex mutex_;
};

}  // namespace cooper::cli
