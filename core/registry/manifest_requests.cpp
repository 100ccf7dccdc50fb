#include "registry/manifest_requests.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "oci/media_type.h"
#include "registry/paging.h"

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

oci::Descriptor describe(const RawManifest& manifest) {
  oci::Descriptor descriptor;
  descriptor.media_type = manifest.media_type;
  if (descriptor.media_type.empty()) descriptor.media_type = oci::document_media_type(manifest.raw);
  descriptor.digest = manifest.digest;
  descriptor.size = manifest.raw.size();
  return descriptor;
}

// For registries whose HEAD is refused or says too little.
std::optional<oci::Descriptor> resolve_by_fetching(Transport& transport, const oci::Reference& reference,
                                                   const std::stop_token& stop) {
  std::optional<RawManifest> manifest = fetch_manifest_at(transport, reference, stop);
  if (!manifest) return std::nullopt;
  return describe(*manifest);
}

// A registry may miss a blob for a moment that it has: distribution rewrites a blob's link in place when
// the same blob is pushed once more at the same time, and on object stores links appear late.
net::Response send_manifest(Transport& transport, const Call& call, const std::stop_token& stop) {
  net::Response response = transport.send_once(call, stop);
  const bool misses_blob = response.status >= 400 && response.body.find("BLOB_UNKNOWN") != std::string::npos;
  if (misses_blob) transport.refuse(call, response, Transport::Refusal::kMayPass);
  return response;
}

}  // namespace

std::optional<RawManifest> fetch_manifest_at(Transport& transport, const oci::Reference& reference,
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

std::optional<oci::Descriptor> resolve_at(Transport& transport, const oci::Reference& reference,
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
    told = error == std::errc() && descriptor.size > 0 && descriptor.size <= kManifestLimit;
  }
  if (!told) return resolve_by_fetching(transport, reference, stop);
  if (reference.digest && *reference.digest != *digest) wrong_digest(reference, *reference.digest, *digest);
  descriptor.digest = *digest;
  return descriptor;
}

std::vector<std::string> list_tags_at(Transport& transport, const oci::Reference& repository,
                                      const std::stop_token& stop) {
  std::vector<std::string> tags;
  auto add = [&](const net::Response& page) { add_tags(page.body, tags); };
  for_each_page(transport, tags_call(repository), add, stop);
  return tags;
}

net::Response push_manifest_at(Transport& transport, const oci::Reference& reference,
                               const std::string& media_type, const std::string& raw,
                               const std::stop_token& stop) {
  Call call = manifest_call(reference, "PUT", push_scope(reference.repository));
  call.http.headers.emplace_back("Content-Type", media_type);
  call.http.body = raw;
  net::Response response = transport.retry([&] { return send_manifest(transport, call, stop); }, stop);
  if (response.status < 200 || response.status > 299) transport.refuse(call, response);
  const base::Digest digest = base::sha256(raw);
  if (auto stored = announced_digest(response); stored && *stored != digest)
    wrong_digest(reference, digest, *stored);
  return response;
}

}  // namespace cooper::registry
