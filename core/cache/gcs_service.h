// How a bucket of Google Cloud Storage is addressed and who we are to it. Private to gcs_store.
#pragma once

#include <string>

#include "cache/object_transport.h"
#include "cloud/google_credentials.h"

namespace cooper::cache {

struct GcsPlace {
  std::string bucket;
  std::string prefix;        // "" or "folder/"
  std::string endpoint_url;  // without a slash at the end
};

class GcsService final : public ObjectService {
 public:
  GcsService(cloud::CloudContext context, const std::string& credentials_file, GcsPlace place);

  std::string name() const override;
  net::Request request(const ObjectCall& call, const std::stop_token& stop) override;
  bool learn(const net::Response& refusal) override;
  std::string hint(const net::Response& refusal) const override;

 private:
  const GcsPlace place_;
  cloud::GoogleIdentity identity_;
};

}  // namespace cooper::cache
