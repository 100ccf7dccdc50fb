// How a container of Azure Blob Storage is addressed, and the three ways to be known to it. Private to
// azure_store.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cache/object_transport.h"
#include "cloud/azure_credentials.h"

namespace cooper::cache {

struct AzurePlace {
  std::string account;
  std::string account_url;  // without query and without a slash at the end
  std::string container;
  std::string prefix;       // "" or "folder/"
  std::string account_key;  // base64; else
  std::string sas;          // a shared access signature: the query of a URL; else a token
};

class AzureService final : public ObjectService {
 public:
  AzureService(cloud::CloudContext context, AzurePlace place);

  std::string name() const override;
  net::Request request(const ObjectCall& call, const std::stop_token& stop) override;
  bool learn(const net::Response& refusal) override;
  std::string hint(const net::Response& refusal) const override;

 private:
  bool has_token() const { return place_.account_key.empty() && place_.sas.empty(); }

  const cloud::CloudContext context_;
  const AzurePlace place_;
  cloud::AzureIdentity identity_;
};

}  // namespace cooper::cache
