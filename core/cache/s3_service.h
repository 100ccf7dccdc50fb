// How one bucket of S3, or of a store that speaks its language, is addressed and signed. "Amazon S3 API
// Reference". Private to s3_store.
#pragma once

#include <memory>
#include <string>

#include "base/guarded.h"
#include "cache/object_transport.h"
#include "cloud/aws_credentials.h"

namespace cooper::cache {

struct S3Place {
  std::string bucket;
  std::string prefix;        // "" or "folder/"
  std::string endpoint_url;  // "" for AWS
  bool use_path_style = false;
  int upload_parallelism = 4;
};

class S3Service final : public ObjectService {
 public:
  S3Service(cloud::CloudContext context, const cloud::AwsOptions& options, S3Place place);

  std::string name() const override;
  net::Request request(const ObjectCall& call, const std::stop_token& stop) override;
  bool learn(const net::Response& refusal) override;
  std::string hint(const net::Response& refusal) const override;

 private:
  std::string region(const std::stop_token& stop);
  std::string base_url(const std::string& region) const;

  const cloud::CloudContext context_;
  const S3Place place_;
  cloud::AwsIdentity identity_;
  base::Guarded<std::string> region_;  // "" until it is asked for
};

}  // namespace cooper::cache
