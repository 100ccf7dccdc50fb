#include "registry/client.h"

#include "base/error.h"
#include "registry/blob_reader.h"
#include "registry/manifest_requests.h"
#include "registry/probed_routes.h"
#include "registry/pull_places.h"
#include "registry/push_check.h"
#include "registry/referrers.h"
#include "registry/transport.h"
#include "registry/upload.h"

namespace cooper::registry {

namespace {

// Manifests' configurations; layers are handed out while they come.
constexpr std::uint64_t kSmallBlob = 1 << 20;

class MemoryBlob final : public base::ByteSource {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)), source_(std::string_view(bytes_)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

 private:
  const std::string bytes_;
  base::MemorySource source_;
};

std::unique_ptr<base::ByteSource> read_whole(base::ByteSource& blob) {
  return std::make_unique<MemoryBlob>(base::read_all(blob, kSmallBlob, "a blob"));
}

class RegistryClient final : public Client {
 public:
  RegistryClient(const std::shared_ptr<net::HttpClient>& http,
                 const std::shared_ptr<CredentialStore>& credentials, ClientOptions options)
      : transport_(std::make_shared<Transport>(http, credentials, options)),
        places_(transport_,
                std::make_shared<Transport>(http, credentials, options_for_mirrors(std::move(options)))) {}

  std::optional<RawManifest> fetch_manifest(const oci::Reference& reference,
                                            const std::stop_token& stop) override {
    std::optional<RawManifest> manifest;
    places_.ask_each(reference, [&](const PullPlaces::Place& place) {
      manifest = fetch_manifest_at(*place.transport, place.reference, stop);
      return manifest.has_value();
    });
    return manifest;
  }

  std::optional<oci::Descriptor> resolve(const oci::Reference& reference,
                                         const std::stop_token& stop) override {
    std::optional<oci::Descriptor> descriptor;
    places_.ask_each(reference, [&](const PullPlaces::Place& place) {
      descriptor = resolve_at(*place.transport, place.reference, stop);
      return descriptor.has_value();
    });
    return descriptor;
  }

  std::unique_ptr<base::ByteSource> open_blob(const oci::Reference& repository,
                                              const oci::Descriptor& descriptor,
                                              const std::stop_token& stop) override {
    std::unique_ptr<base::ByteSource> blob;
    places_.ask_each(repository, [&](const PullPlaces::Place& place) {
      blob = std::make_unique<BlobReader>(place.transport, place.reference, descriptor, stop);
      // What a mirror makes of a small blob is looked at while there are other places to ask.
      if (!place.is_last && descriptor.size <= kSmallBlob) blob = read_whole(*blob);
      return true;
    });
    return blob;
  }

  bool has_blob(const oci::Reference& repository, const base::Digest& digest,
                const std::stop_token& stop) override {
    return places_.ask_each(repository, [&](const PullPlaces::Place& place) {
      return registry::has_blob(*place.transport, place.reference, digest, std::nullopt,
                                pull_scope(place.reference.repository), stop);
    });
  }

  std::vector<std::string> list_tags(const oci::Reference& repository, const std::stop_token& stop) override {
    std::vector<std::string> tags;
    places_.ask_each(repository, [&](const PullPlaces::Place& place) {
      tags = list_tags_at(*place.transport, place.reference, stop);
      return !tags.empty();
    });
    return tags;
  }

  std::vector<oci::Descriptor> list_referrers(const oci::Reference& repository, const base::Digest& subject,
                                              const std::string& artifact_type,
                                              const std::stop_token& stop) override {
    return referrers_.list(routes().push_to(repository), subject, artifact_type, stop);
  }

  void check_push(const oci::Reference& repository, const std::stop_token& stop) override {
    registry::check_push(*transport_, routes().push_to(repository), stop);
  }

  BlobPush push_blob(const oci::Reference& repository, const PushBlob& blob,
                     const std::stop_token& stop) override {
    const oci::Reference target = routes().push_to(repository);
    PushBlob moved = blob;
    if (!blob.mount_from.empty()) moved.mount_from = mount_source(repository, blob.mount_from, target.host);
    return registry::push_blob(*transport_, target, moved, stop);
  }

  std::unique_ptr<BlobUpload> begin_upload(const oci::Reference& repository,
                                           const std::stop_token& stop) override {
    return registry::begin_upload(transport_, routes().push_to(repository), stop);
  }

  void push_manifest(const oci::Reference& reference, const std::string& media_type, const std::string& raw,
                     const std::stop_token& stop) override {
    const oci::Reference target = routes().push_to(reference);
    const net::Response response = push_manifest_at(*transport_, target, media_type, raw, stop);
    const std::optional<Referrer> referrer = referrer_of(media_type, raw);
    const bool is_listed = response.header("oci-subject") != nullptr;
    if (referrer && !is_listed) referrers_.record(target, *referrer, stop);
  }

 private:
  const Routes& routes() const { return *transport_->options().routes; }

  // Where the repository `name` beside `repository` is on `host`; "" when it is elsewhere.
  std::string mount_source(oci::Reference repository, const std::string& name,
                           const std::string& host) const {
    repository.repository = name;
    const oci::Reference source = routes().push_to(repository);
    return source.host == host ? source.repository : std::string();
  }

  std::shared_ptr<Transport> transport_;
  Referrers referrers_{*transport_};
  PullPlaces places_;
};

}  // namespace

std::vector<oci::Descriptor> Client::list_referrers(const oci::Reference&, const base::Digest&,
                                                    const std::string&, const std::stop_token&) {
  throw base::Error(base::ErrorKind::kUnsupported, "this registry client cannot list referrers");
}

std::unique_ptr<BlobUpload> Client::begin_upload(const oci::Reference&, const std::stop_token&) {
  return nullptr;
}

std::shared_ptr<Client> Client::create(const std::shared_ptr<net::HttpClient>& http,
                                       const std::shared_ptr<CredentialStore>& credentials,
                                       ClientOptions options) {
  options.routes = std::make_shared<ProbedRoutes>(http, options.routes);
  return std::make_shared<RegistryClient>(http, credentials, std::move(options));
}

}  // namespace cooper::registry
