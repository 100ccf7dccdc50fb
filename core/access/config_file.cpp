#include "access/config_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::access {

namespace {

constexpr std::size_t kFileLimit = 4 << 20;
// Platforms that write access tokens into the file write new ones before the hour of the old is over.
constexpr std::chrono::minutes kLookAgain{5};
constexpr const char* kAccessTokenUser = "oauth2accesstoken";

}  // namespace

ConfigFile::ConfigFile(std::string path, DockerConfigCredentials::RunHelper run_helper)
    : path_(std::move(path)), run_helper_(std::move(run_helper)) {
  std::string stamp = read_stamp();
  if (stamp.empty()) return;
  try {
    load(std::move(stamp));
  } catch (const base::Error& error) {
    // Somebody else's file is no reason not to build; find() says it.
    if (error.kind() != base::ErrorKind::kIo) throw;
  }
}

std::string ConfigFile::read_stamp() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return fmt::format("{}:{}:{}:{}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

void ConfigFile::load(std::string stamp) {
  content_ = std::make_shared<DockerConfigCredentials>(os::read_file(path_, kFileLimit), path_, run_helper_);
  stamp_ = std::move(stamp);
  is_doubted_ = false;
}

std::shared_ptr<DockerConfigCredentials> ConfigFile::current(std::vector<std::string>& tried) {
  std::scoped_lock lock(mutex_);
  std::string stamp = read_stamp();
  if (stamp == stamp_ && !is_doubted_) return content_;
  if (stamp.empty()) {
    content_ = nullptr;
    stamp_.clear();
    return content_;
  }
  try {
    load(std::move(stamp));
  } catch (const base::Error& error) {
    // Caught while it is being written, perhaps: it is looked at again next time.
    tried.push_back(fmt::format("{} cannot be used: {}", path_, error.summary()));
  }
  return content_;
}

registry::CredentialSearch ConfigFile::find(const std::string& host, const std::string& repository,
                                            const std::stop_token& stop) {
  std::vector<std::string> tried;
  std::shared_ptr<DockerConfigCredentials> content = current(tried);
  if (!content) {
    if (tried.empty()) tried.push_back(fmt::format("{} does not exist", path_));
    return {std::nullopt, std::move(tried)};
  }
  registry::CredentialSearch search = content->find(host, repository, stop);
  search.tried.insert(search.tried.begin(), tried.begin(), tried.end());
  if (search.found && search.found->username == kAccessTokenUser && !search.found->renew_at)
    search.found->renew_at = std::chrono::system_clock::now() + kLookAgain;
  return search;
}

void ConfigFile::refused(const std::string&) {
  std::scoped_lock lock(mutex_);
  is_doubted_ = true;
}

}  // namespace cooper::access
