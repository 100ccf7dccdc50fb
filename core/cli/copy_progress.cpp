#include "cli/copy_progress.h"

#include <cstdio>

#include "base/text.h"

namespace cooper::cli {

namespace {

const char* describe(registry::BlobPush how) {
  switch (how) {
    case registry::BlobPush::kExisted:
      return "is there";
    case registry::BlobPush::kMounted:
      return "mounted";
    case registry::BlobPush::kUploaded:
      return "sent";
  }
  return "";
}

}  // namespace

transfer::CopyOptions CopyProgress::options() {
  transfer::CopyOptions options;
  if (quiet_) return options;
  options.on_blob = [this](const oci::Descriptor& blob, registry::BlobPush how) {
    std::scoped_lock lock(mutex_);
    std::fprintf(stderr, "%s %s, %s\n", blob.digest.str().c_str(), describe(how),
                 base::human_size(blob.size).c_str());
  };
  return options;
}

void CopyProgress::tell(const std::string& from, const std::string& to,
                        const transfer::CopyResult& done) const {
  if (quiet_) return;
  std::fprintf(stderr, "copied %s to %s: %zu of %zu blobs sent, %s\n", from.c_str(), to.c_str(), done.sent,
               done.blobs, base::human_size(done.sent_bytes).c_str());
}

}  // namespace cooper::cli
