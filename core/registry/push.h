// A whole image, or several under one index, onto a registry: blobs in parallel, then manifests, tags last.
//
// Nothing refers to what is not there yet, so a push that breaks leaves no broken image behind.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "oci/reference.h"
#include "registry/client.h"

namespace cooper::registry {

struct PushManifest {
  std::string media_type;
  std::string raw;
};

struct PushPlan {
  oci::Reference target;        // the repository
  std::vector<PushBlob> blobs;  // layers and configs; equal digests are pushed once
  std::vector<PushManifest>
      manifests;  // pushed by digest, in this order: images and attestations, then their index
  std::vector<std::string> tags;  // for the last manifest; target.tag is not added by itself
};

struct PushOptions {
  std::size_t parallel = 4;  // blobs at a time
  // Hears of each blob once it is there; from any thread. May be empty.
  std::function<void(const PushBlob&, BlobPush)> on_blob;
};

// The calling thread takes part in the work. The first failure cancels the rest and is thrown.
void push_image(Client& client, const PushPlan& plan, const PushOptions& options, base::ThreadPool& pool,
                const std::stop_token& stop);

}  // namespace cooper::registry
