#include "registry/client.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "net/url.h"
#include "oci/media_type.h"
#include "registry/blob_reader.h"
#include "registry/probed_routes.h"
#include "registry/pull_places.h"
#include "registry/transport.h"
#include "registry/upload.h"

namespace cooper::registry {

namespace {

// The distribution-spec lets registries refuse manifests above 4 MiB; some take more.
constexpr std::size_t kManifestLimit = 8 << 20;

std::string where(const oci::Reference& reference) {
  return reference.digest ? reference.digest->str() : reference.tag;
}

Call manifest_call(const oci::Reference& reference, std::string_view method, const Scopes& scopes) {
  Call call;
  call.repository = reference;
  call.what = fmt::format("{} manifest '{}'", method == "PUT" ? "push" : "pull", where(reference));
  call.scopes = scopes;
  call.http.method = method;
  call.http.url = fmt::format("/v2/{}/manifests/{}", reference.repository, where(reference));
  if (method != "PUT") {
    call.http.headers.emplace_back(
        "Accept", fmt::format("{}, {}, {}, {}", oci::kMediaTypeIndex, oci::kMediaTypeManifest,
                              oci::kDockerManifestList, oci::kDockerManifest));
  }
  return call;
}

std::string media_type_of(const net::Response& response) {
  const std::string* type = response.header("content-type");
  if (type == nullptr) return {};
  return base::to_lower(base::trim(std::string_view(*type).substr(0, type->find(';'))));
}

std::optional<base::Digest> announced_digest(const net::Response& response) {
  const std::string* text = response.header("docker-content-digest");
  return text == nullptr ? std::nullopt : base::Digest::parse(*text);
}

[[noreturn]] void wrong_digest(const oci::Reference& reference, const base::Digest& wanted,
                               const base::Digest& actual) {
  throw base::Error(base::ErrorKind::kCorrupt,
                    fmt::format("manifest '{}' of '{}' has the digest '{}', not '{}'", where(reference),
                                reference.name(), actual.str(), wanted.str()));
}

constexpr int kTagsAPage = 1000;

Call tags_call(const oci::Reference& repository) {
  Call call;
  call.repository = repository;
  call.what = "list tags";
  call.scopes = pull_scope(repository.repository);
  call.http.url = fmt::format("/v2/{}/tags/list?n={}", repository.repository, kTagsAPage);
  return call;
}

void add_tags(const std::string& body, std::vector<std::string>& tags) {
  const nlohmann::json page = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!page.is_object()) throw base::Error(base::ErrorKind::kCorrupt, "the list of tags is no JSON object");
  const auto list = page.find("tags");
  if (list == page.end() || !list->is_array()) return;  // "null" when there are none
  for (const nlohmann::json& tag : *list) {
    if (tag.is_string()) tags.push_back(tag.get<std::string>());
  }
}

// The target of 'Link: <target>; rel="next"', RFC 8288; "" on the last page.
std::string next_page(const net::Response& response) {
  const std::string* link = response.header("link");
  if (link == nullptr || link->find("rel=\"next\"") == std::string::npos) return {};
  const std::size_t begin = link->find('<');
  const std::size_t end = link->find('>', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return link->substr(begin + 1, end - begin - 1);
}

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
  RegistryClient(std::shared_ptr<net::HttpClient> http, std::shared_ptr<CredentialStore> credentials,
                 ClientOptions options)
      : transport_(std::make_shared<Transport>(http, credentials, options)),
        places_(transport_,
                std::make_shared<Transport>(http, credentials, options_for_mirrors(std::move(options)))) {}

  std::optional<RawManifest> fetch_manifest(const oci::Reference& reference,
                                            const std::stop_token& stop) override {
    std::optional<RawManifest> manifest;
    places_.ask_each(reference, [&](const PullPlaces::Place& place) {
      manifest = fetch_at(*place.transport, place.reference, stop);
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
      return registry::has_blob(*place.transport, place.reference, digest,
                                pull_scope(place.reference.repository), stop);
    });
  }

  std::vector<std::string> list_tags(const oci::Reference& repository, const std::stop_token& stop) override {
    std::vector<std::string> tags;
    places_.ask_each(repository, [&](const PullPlaces::Place& place) {
      tags = tags_at(*place.transport, place.reference, stop);
      return !tags.empty();
    });
    return tags;
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
    Call call = manifest_call(target, "PUT", push_scope(target.repository));
    call.http.headers.emplace_back("Content-Type", media_type);
    call.http.body = raw;
    net::Response response = transport_->retry([&] { return send_manifest(call, stop); }, stop);
    if (response.status < 200 || response.status > 299) transport_->refuse(call, response);
    base::Digest digest = base::sha256(raw);
    if (auto stored = announced_digest(response); stored && *stored != digest)
      wrong_digest(reference, digest, *stored);
  }

 private:
  static std::optional<RawManifest> fetch_at(Transport& transport, const oci::Reference& reference,
                                             const std::stop_token& stop) {
    Call call = manifest_call(reference, "GET", pull_scope(reference.repository));
    net::Response response = transport.send(call, stop);
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) transport.refuse(call, response);
    if (response.body.size() > kManifestLimit) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("manifest '{}' of '{}' is larger than {} bytes", where(reference),
                                    reference.name(), kManifestLimit));
    }
    RawManifest manifest;
    manifest.media_type = media_type_of(response);
    // Static file servers know no better; the document's own field decides then.
    bool known = oci::is_index(manifest.media_type) || oci::is_manifest(manifest.media_type) ||
                 manifest.media_type.rfind("application/vnd.", 0) == 0;
    if (!known) manifest.media_type.clear();
    manifest.digest = base::sha256(response.body);
    std::optional<base::Digest> wanted = reference.digest ? reference.digest : announced_digest(response);
    if (wanted && *wanted != manifest.digest) wrong_digest(reference, *wanted, manifest.digest);
    manifest.raw = std::move(response.body);
    return manifest;
  }

  static std::optional<oci::Descriptor> resolve_at(Transport& transport, const oci::Reference& reference,
                                                   const std::stop_token& stop) {
    net::Response response =
        transport.send(manifest_call(reference, "HEAD", pull_scope(reference.repository)), stop);
    if (response.status == 404) return std::nullopt;
    oci::Descriptor descriptor;
    descriptor.media_type = media_type_of(response);
    std::optional<base::Digest> digest = announced_digest(response);
    const std::string* length = response.header("content-length");
    bool told = response.status == 200 && digest && length != nullptr &&
                (oci::is_index(descriptor.media_type) || oci::is_manifest(descriptor.media_type));
    if (told) {
      auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), descriptor.size);
      told = error == std::errc();
    }
    if (!told) return resolve_by_fetching(transport, reference, stop);
    if (reference.digest && *reference.digest != *digest) wrong_digest(reference, *reference.digest, *digest);
    descriptor.digest = *digest;
    return descriptor;
  }

  static std::vector<std::string> tags_at(Transport& transport, const oci::Reference& repository,
                                          const std::stop_token& stop) {
    std::vector<std::string> tags;
    Call call = tags_call(repository);
    for (std::set<std::string> asked; asked.insert(call.http.url).second;) {
      net::Response response = transport.send(call, stop);
      if (response.status == 404) break;
      if (response.status != 200) transport.refuse(call, response);
      add_tags(response.body, tags);
      const std::string next = next_page(response);
      if (next.empty()) break;
      call.http.url = net::resolve_url(response.effective_url, next);
    }
    return tags;
  }

  // A registry may miss a blob for a moment that it has: distribution rewrites a blob's link in place when
  // the same blob is pushed once more at the same time, and on object stores links appear late.
  net::Response send_manifest(const Call& call, const std::stop_token& stop) {
    net::Response response = transport_->send_once(call, stop);
    const bool misses_blob =
        response.status >= 400 && response.body.find("BLOB_UNKNOWN") != std::string::npos;
    if (misses_blob) transport_->refuse(call, response, Transport::Refusal::kMayPass);
    return response;
  }

  // For registries whose HEAD is refused or says too little.
  static std::optional<oci::Descriptor> resolve_by_fetching(Transport& transport,
                                                            const oci::Reference& reference,
                                                            const std::stop_token& stop) {
    std::optional<RawManifest> manifest = fetch_at(transport, reference, stop);
    if (!manifest) return std::nullopt;
    return describe(*manifest);
  }

  static oci::Descriptor describe(const RawManifest& manifest) {
    oci::Descriptor descriptor;
    descriptor.media_type = manifest.media_type;
    if (descriptor.media_type.empty()) descriptor.media_type = oci::document_media_type(manifest.raw);
    descriptor.digest = manifest.digest;
    descriptor.size = manifest.raw.size();
    return descriptor;
  }

  const Routes& routes() const { return *transport_->options().routes; }

  // Where the repository `name` beside `repository` is on `host`; "" when it is elsewhere.
  std::string mount_source(oci::Reference repository, const std::string& name,
                           const std::string& host) const {
    repository.repository = name;
    const oci::Reference source = routes().push_to(repository);
    return source.host == host ? source.repository : std::string();
  }

  std::shared_ptr<Transport> transport_;
  PullPlaces places_;
};

}  // namespace

std::unique_ptr<BlobUpload> Client::begin_upload(const oci::Reference&, const std::stop_token&) {
  return nullptr;
}

std::shared_ptr<Client> Client::create(std::shared_ptr<net::HttpClient> http,
                                       std::shared_ptr<CredentialStore> credentials, ClientOptions options) {
  options.routes = std::make_shared<ProbedRoutes>(http, options.routes);
  return std::make_shared<RegistryClient>(std::move(http), std::move(credentials), std::move(options));
}

}  // namespace cooper::registry
