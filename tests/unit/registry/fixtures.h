// What the tests of this module share: quick retries, an image to push, ways to read and to hand in bytes.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "registry/client.h"

namespace cooper::registry {

inline ClientOptions quick_options() {
  ClientOptions options;
  options.retry.attempts = 4;
  options.retry.first_delay = std::chrono::milliseconds(5);
  options.retry.longest_delay = std::chrono::milliseconds(20);
  return options;
}

inline std::shared_ptr<net::HttpClient> http_client() {
  return net::HttpClient::create({});
}

inline std::shared_ptr<Client> client(std::shared_ptr<CredentialStore> credentials = nullptr) {
  return Client::create(http_client(), std::move(credentials), quick_options());
}

// Always the same credential; remembers what it was asked.
class FixedCredentials final : public CredentialStore {
 public:
  explicit FixedCredentials(Credential credential) : credential_(std::move(credential)) {}
  CredentialSearch find(const std::string& host, const std::string& repository,
                        const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    asked_.push_back(host + "/" + repository);
    return {credential_, {}};
  }
  std::vector<std::string> asked() const {
    std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  Credential credential_;
  std::vector<std::string> asked_;
};

inline std::shared_ptr<FixedCredentials> user(const std::string& name, const std::string& password) {
  Credential credential;
  credential.username = name;
  credential.password = password;
  credential.source = "the test";
  return std::make_shared<FixedCredentials>(credential);
}

class OwningSource final : public base::ByteSource {
 public:
  explicit OwningSource(std::string text) : text_(std::move(text)), source_(std::string_view(text_)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

 private:
  std::string text_;
  base::MemorySource source_;
};

inline PushBlob blob_of(const std::string& content,
                        std::string media_type = std::string(oci::kMediaTypeLayer)) {
  PushBlob blob;
  blob.descriptor.media_type = std::move(media_type);
  blob.descriptor.digest = base::sha256(content);
  blob.descriptor.size = content.size();
  blob.open = [content] { return std::make_unique<OwningSource>(content); };
  return blob;
}

// Bytes that no compression or repetition shortens.
inline std::string noise(std::size_t size) {
  std::string text;
  std::uint64_t state = 88172645463325252ULL;
  while (text.size() < size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text.append(reinterpret_cast<const char*>(&state), sizeof state);
  }
  text.resize(size);
  return text;
}

inline std::string read(base::ByteSource& source) {
  return base::read_all(source, 1 << 30, "test");
}

struct TestImage {
  std::string config_text;
  std::vector<std::string> layer_texts;
  oci::Manifest manifest;
};

inline TestImage make_image(const oci::Platform& platform, std::vector<std::string> layers) {
  TestImage image;
  image.layer_texts = std::move(layers);
  oci::ImageConfig config;
  config.platform = platform;
  for (const std::string& layer : image.layer_texts) {
    config.diff_ids.push_back(base::sha256(layer));
    image.manifest.layers.push_back(blob_of(layer).descriptor);
  }
  image.config_text = config.serialize();
  image.manifest.media_type = oci::kMediaTypeManifest;
  image.manifest.config = blob_of(image.config_text, std::string(oci::kMediaTypeConfig)).descriptor;
  image.manifest.serialize();
  return image;
}

inline oci::Reference reference(const std::string& host, const std::string& rest) {
  return oci::Reference::parse(host + "/" + rest);
}

}  // namespace cooper::registry
