// A config.json or auth.json that may change while we run: Cloud Build rewrites the one of its jobs.
//
// The file is looked at whenever a credential is wanted, and read again when it is another one than before or
// when the registry refused what it said. One that cannot be read any more counts as what it said last.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "access/docker_config.h"
#include "registry/credentials.h"

namespace cooper::access {

class ConfigFile final : public registry::CredentialStore {
 public:
  // Reads it, if it is there and may be read. Throws Error{kUsage} for a malformed one.
  ConfigFile(std::string path, DockerConfigCredentials::RunHelper run_helper);

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;
  void refused(const std::string& host) override;

 private:
  // What tells one version of a file from another; empty when there is none.
  std::string read_stamp() const;
  void load(std::string stamp);
  std::shared_ptr<DockerConfigCredentials> current(std::vector<std::string>& tried);

  const std::string path_;
  const DockerConfigCredentials::RunHelper run_helper_;
  std::mutex mutex_;
  std::string stamp_;
  bool is_doubted_ = false;  // something in it was refused
  std::shared_ptr<DockerConfigCredentials> content_;
};

}  // namespace cooper::access
