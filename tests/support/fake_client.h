// A registry client on one in-memory registry: records what was asked of it, in order.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "registry/client.h"
#include "support/layer_tar.h"

namespace cooper::support {

class FakeClient : public registry::Client {
 public:
  void add_manifest(const std::string& name, const std::string& media_type, const std::string& raw) {
    registry::RawManifest manifest{media_type, raw, base::sha256(raw)};
    manifests[name] = manifest;
    manifests[name.substr(0, name.find_last_of(':')) + "@" + manifest.digest.str()] = manifest;
  }

  std::optional<registry::RawManifest> fetch_manifest(const oci::Reference& reference,
                                                      const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    std::string name =
        reference.name() + (reference.digest ? "@" + reference.digest->str() : ":" + reference.tag);
    asked.push_back("manifest " + name);
    auto found = manifests.find(name);
    if (found == manifests.end()) return std::nullopt;
    return found->second;
  }
  std::optional<oci::Descriptor> resolve(const oci::Reference& reference, const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    asked.push_back("resolve " + reference.str());
    std::string name =
        reference.name() + (reference.digest ? "@" + reference.digest->str() : ":" + reference.tag);
    auto found = manifests.find(name);
    if (found == manifests.end()) return std::nullopt;
    oci::Descriptor descriptor;
    descriptor.media_type = found->second.media_type;
    descriptor.digest = found->second.digest;
    descriptor.size = found->second.raw.size();
    return descriptor;
  }
  std::unique_ptr<base::ByteSource> open_blob(const oci::Reference& repository,
                                              const oci::Descriptor& descriptor,
                                              const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    asked.push_back("blob " + repository.name() + " " + descriptor.digest.str());
    auto found = blobs.find(descriptor.digest);
    if (found == blobs.end()) throw base::Error(base::ErrorKind::kRegistry, "no such blob");
    return std::make_unique<StringSource>(found->second);
  }
  bool has_blob(const oci::Reference&, const base::Digest& digest, const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    return blobs.contains(digest);
  }
  std::vector<std::string> list_tags(const oci::Reference& repository, const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    std::vector<std::string> tags;
    for (const auto& [name, manifest] : manifests) {
      if (name.starts_with(repository.name() + ":"))
        tags.push_back(name.substr(repository.name().size() + 1));
    }
    return tags;
  }
  void check_push(const oci::Reference& repository, const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    asked.push_back("push " + repository.name());
    if (refuses_pushes) throw base::Error(base::ErrorKind::kAuth, "no pushes here");
  }
  registry::BlobPush push_blob(const oci::Reference& repository, const registry::PushBlob& blob,
                               const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    pushed.push_back("blob " + repository.name() + " " + blob.descriptor.digest.str() +
                     (blob.mount_from.empty() ? "" : " from " + blob.mount_from));
    if (has_already) return registry::BlobPush::kExisted;
    auto source = blob.open();
    blobs[blob.descriptor.digest] = base::read_all(*source, 64 << 20, "a pushed blob");
    return registry::BlobPush::kUploaded;
  }
  std::unique_ptr<registry::BlobUpload> begin_upload(const oci::Reference& repository,
                                                     const std::stop_token&) override {
    return std::make_unique<Upload>(*this, repository.name());
  }
  void push_manifest(const oci::Reference& reference, const std::string& media_type, const std::string& raw,
                     const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    pushed.push_back("manifest " + reference.str());
    registry::RawManifest manifest{media_type, raw, base::sha256(raw)};
    pushed_manifests[reference.str()] = manifest;
    if (!reference.tag.empty()) manifests[reference.name() + ":" + reference.tag] = manifest;
    manifests[reference.name() + "@" + manifest.digest.str()] = manifest;
  }

  std::mutex mutex;
  bool refuses_pushes = false;
  bool streams_break = false;  // a streamed blob does not arrive
  bool has_already = false;    // pushed blobs are there: nobody is asked for their bytes
  std::map<std::string, registry::RawManifest>
      manifests;  // "host/repository:tag" and "host/repository@digest"
  std::map<base::Digest, std::string> blobs;
  std::vector<std::string> asked;
  std::vector<std::string> pushed;
  std::map<std::string, registry::RawManifest> pushed_manifests;

 private:
  class Upload final : public registry::BlobUpload {
   public:
    Upload(FakeClient& client, std::string repository)
        : client_(client), repository_(std::move(repository)) {}
    void write(base::ByteSpan data) override { bytes_.write(data); }
    bool commit(const base::Digest& digest) override {
      std::scoped_lock lock(client_.mutex);
      if (client_.streams_break) return false;
      client_.pushed.push_back("stream " + repository_ + " " + digest.str());
      client_.blobs[digest] = bytes_.take();
      return true;
    }

   private:
    FakeClient& client_;
    std::string repository_;
    base::StringSink bytes_;
  };
};

}  // namespace cooper::support
