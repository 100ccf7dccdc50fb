// Objects in an S3 bucket, or in what speaks its language: MinIO, Ceph, R2.
//
// Bodies of more than 16 MiB go up in parts, and an upload that fails is aborted, because its parts would be
// billed. Writing only what is new needs "If-None-Match: *"; for a store without it we look first, so that
// two writers at the same moment may both be told that they were first. "Amazon S3 API Reference".
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cache/object_store.h"
#include "cloud/context.h"

namespace cooper::cache {

// `attributes` as buildx spells them: region, bucket, prefix, endpoint_url, use_path_style, access_key_id,
// secret_access_key, session_token, upload_parallelism. Throws Error{kUsage} naming an attribute that it does
// not know or whose value is none. Nothing is sent.
std::unique_ptr<ObjectStore> make_s3_store(const std::map<std::string, std::string>& attributes,
                                           const cloud::CloudContext& context);

}  // namespace cooper::cache
