// Objects in a container of Azure Blob Storage, as block blobs.
//
// Bodies of more than 16 MiB go up in blocks, which the service drops by itself when nobody commits them. A
// container that does not exist holds nothing, and is created by the first write, as buildx does it. "Blob
// service REST API".
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cache/object_store.h"
#include "cloud/context.h"

namespace cooper::cache {

// `attributes` as buildx spells them: account_url (a shared access signature may be its query), account_name
// (by default as account_url has it), container (by default "buildkit-cache"), prefix, secret_access_key (the
// account's key). With neither key nor signature, what cloud/azure_credentials.h finds. Throws Error{kUsage}
// naming an attribute that it does not know. Nothing is sent.
std::unique_ptr<ObjectStore> make_azure_store(const std::map<std::string, std::string>& attributes,
                                              const cloud::CloudContext& context);

}  // namespace cooper::cache
