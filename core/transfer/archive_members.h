// The members of an image archive, brought into the store while it is read: an archive may come through a
// pipe, and names its parts first or last. Private to transfer.
//
// All input is hostile. Nothing is written under a name of the archive: members become blobs under their own
// digest, and paths are only compared with one another.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "oci/descriptor.h"
#include "store/store.h"

namespace cooper::transfer {

class ArchiveMembers {
 public:
  // Reads a tar, compressed or not. What is called blobs/sha256/… must have that digest. Throws
  // Error{kCorrupt} naming `what`.
  static ArchiveMembers read(const store::Store& store, base::ByteSource& in, const std::string& what,
                             const std::stop_token& stop);

  // index.json, manifest.json; nullopt when the archive has no such member.
  std::optional<std::string> text(const std::string& name) const;
  // Digest and size of a member, also through links, as docker's older archives have them.
  std::optional<oci::Descriptor> blob(const std::string& path) const;

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, oci::Descriptor> blobs_;
  std::map<std::string, std::string> links_;  // path → path
};

}  // namespace cooper::transfer
