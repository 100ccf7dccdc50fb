// manifest.json, by which docker's own archives name their images. Private to transfer.
//
// [{"Config": PATH, "RepoTags": ["name:tag"], "Layers": [PATH, …]}]: moby, image/spec/spec.md, "Combined
// Image JSON + Filesystem Changeset Format".
#pragma once

#include <string>
#include <vector>

#include "oci/descriptor.h"
#include "store/store.h"
#include "transfer/archive_members.h"

namespace cooper::transfer {

struct DockerImage {
  oci::Descriptor target;          // of a manifest that was made for it, in the store
  std::vector<std::string> names;  // whole references
};

// Makes a manifest for each image. Throws Error{kCorrupt} naming `what` and the member that is missing or not
// what the config says of it.
std::vector<DockerImage> read_docker_archive(const store::Store& store, const ArchiveMembers& members,
                                             const std::string& manifest_json, const std::string& what);

}  // namespace cooper::transfer
