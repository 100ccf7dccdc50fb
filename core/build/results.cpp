#include "build/results.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::build {
namespace {

constexpr std::size_t kSecretLimit = 500 << 10;  // BuildKit's limit for one secret

std::string metadata_json(const BuildResult& result) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (result.config_digest) json["containerimage.config.digest"] = result.config_digest->str();
  if (result.image) {
    nlohmann::ordered_json descriptor;
    descriptor["mediaType"] = result.image->media_type;
    descriptor["digest"] = result.image->digest.str();
    descriptor["size"] = result.image->size;
    json["containerimage.descriptor"] = std::move(descriptor);
    json["containerimage.digest"] = result.image->digest.str();
  }
  return json.dump(2) + "\n";
}

}  // namespace

std::optional<std::string> find_secret(const BuildRequest& request, const std::string& id) {
  for (const SecretSource& secret : request.secrets) {
    if (secret.id != id) continue;
    if (secret.value) return secret.value;
    try {
      return os::read_file(secret.file, kSecretLimit);
    } catch (base::Error& error) {
      throw error.context("secret '" + id + "'");
    }
  }
  return std::nullopt;
}

void write_result_files(const BuildRequest& request, const BuildResult& result) {
  if (!request.iid_file.empty()) {
    if (!result.image) {
      throw base::Error(base::ErrorKind::kUsage, "--iidfile needs an output that makes an image")
          .hint("add --push, or -o type=oci,dest=FILE");
    }
    // As buildx: the config's digest for one image, the index's for several.
    os::write_file_atomically(request.iid_file, result.config_digest.value_or(result.image->digest).str());
  }
  if (!request.metadata_file.empty()) os::write_file_atomically(request.metadata_file, metadata_json(result));
}

}  // namespace cooper::build
