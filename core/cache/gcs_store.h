// Objects in a bucket of Google Cloud Storage, by its JSON API (v1).
//
// Bodies of more than 16 MiB go up in a resumable session, chunk by chunk; after a failure the service is
// asked what it has, and the rest follows. "Cloud Storage JSON API", "Resumable uploads", "Request
// preconditions".
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cache/object_store.h"
#include "cloud/context.h"

namespace cooper::cache {

// `attributes`: bucket, prefix, endpoint_url (for all but Google's own), credentials (a file of Google's; by
// default what cloud/google_credentials.h finds). Throws Error{kUsage} naming an attribute that it does not
// know. Nothing is sent.
std::unique_ptr<ObjectStore> make_gcs_store(const std::map<std::string, std::string>& attributes,
                                            const cloud::CloudContext& context);

}  // namespace cooper::cache
