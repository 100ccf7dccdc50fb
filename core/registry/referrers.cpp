#include "registry/referrers.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "net/url.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "registry/paging.h"

namespace cooper::registry {

namespace {

Call call_for(const oci::Reference& repository, const base::Digest& subject, std::string_view doing,
              const Scopes& scopes) {
  Call call;
  call.repository = repository;
  call.what = fmt::format("{} referrers of '{}'", doing, subject.str());
  call.scopes = scopes;
  return call;
}

std::string tag_url(const oci::Reference& repository, const base::Digest& subject) {
  return fmt::format("/v2/{}/manifests/sha256-{}", repository.repository, subject.hex());
}

// Hostile, like all that a registry says: each digest once.
std::vector<oci::Descriptor> read_index(const Call& call, const std::string& body) {
  try {
    std::vector<oci::Descriptor> referrers;
    std::set<base::Digest> seen;
    for (oci::Descriptor& descriptor : oci::Index::parse(body).manifests) {
      if (seen.insert(descriptor.digest).second) referrers.push_back(std::move(descriptor));
    }
    return referrers;
  } catch (base::Error& error) {
    error.context(fmt::format("{} of '{}'", call.what, call.repository.name()));
    throw;
  }
}

bool has_filtered(const net::Response& response) {
  const std::string* applied = response.header("oci-filters-applied");
  return applied != nullptr && applied->find("artifactType") != std::string::npos;
}

void keep(std::vector<oci::Descriptor>& referrers, const std::string& artifact_type) {
  if (artifact_type.empty()) return;
  std::erase_if(referrers, [&](const oci::Descriptor& d) { return d.artifact_type != artifact_type; });
}

bool contains(const std::vector<oci::Descriptor>& referrers, const base::Digest& digest) {
  return std::any_of(referrers.begin(), referrers.end(),
                     [&](const oci::Descriptor& d) { return d.digest == digest; });
}

template <typename Document>
std::optional<Referrer> referrer(const Document& document, const std::string& config_type) {
  if (!document.subject) return std::nullopt;
  Referrer referrer{document.subject->digest, document.descriptor()};
  if (referrer.descriptor.artifact_type.empty()) referrer.descriptor.artifact_type = config_type;
  referrer.descriptor.annotations = document.annotations;
  return referrer;
}

}  // namespace

std::optional<Referrer> referrer_of(const std::string& media_type, const std::string& raw) {
  if (raw.find("\"subject\"") == std::string::npos) return std::nullopt;
  if (oci::is_index(media_type)) return referrer(oci::Index::parse(raw, media_type), "");
  if (!oci::is_manifest(media_type)) return std::nullopt;
  oci::Manifest manifest = oci::Manifest::parse(raw, media_type);
  return referrer(manifest, manifest.config.media_type);
}

std::vector<oci::Descriptor> Referrers::list(const oci::Reference& repository, const base::Digest& subject,
                                             const std::string& artifact_type, const std::stop_token& stop) {
  if (auto answered = ask(repository, subject, artifact_type, stop)) return std::move(*answered);
  std::vector<oci::Descriptor> referrers = read_tag(repository, subject, stop);
  keep(referrers, artifact_type);
  return referrers;
}

// nullopt when the registry has no such API.
std::optional<std::vector<oci::Descriptor>> Referrers::ask(const oci::Reference& repository,
                                                           const base::Digest& subject,
                                                           const std::string& artifact_type,
                                                           const std::stop_token& stop) {
  Call call = call_for(repository, subject, "list", pull_scope(repository.repository));
  call.http.url = fmt::format("/v2/{}/referrers/{}", repository.repository, subject.str());
  call.http.headers.emplace_back("Accept", oci::kMediaTypeIndex);
  if (!artifact_type.empty()) call.http.url = net::with_query(call.http.url, "artifactType", artifact_type);
  std::vector<oci::Descriptor> all;
  auto add = [&](const net::Response& response) {
    std::vector<oci::Descriptor> page = read_index(call, response.body);
    if (!has_filtered(response)) keep(page, artifact_type);
    for (oci::Descriptor& descriptor : page) {
      if (!contains(all, descriptor.digest)) all.push_back(std::move(descriptor));
    }
  };
  if (!for_each_page(transport_, call, add, stop)) return std::nullopt;
  return all;
}

void Referrers::record(const oci::Reference& repository, const Referrer& referrer,
                       const std::stop_token& stop) {
  std::scoped_lock lock(recording_);
  for (int round = 0; round < 2; ++round) {
    std::vector<oci::Descriptor> known = read_tag(repository, referrer.subject, stop);
    if (contains(known, referrer.descriptor.digest)) return;
    known.push_back(referrer.descriptor);
    write_tag(repository, referrer.subject, std::move(known), stop);
  }
}

std::vector<oci::Descriptor> Referrers::read_tag(const oci::Reference& repository,
                                                 const base::Digest& subject, const std::stop_token& stop) {
  Call call = call_for(repository, subject, "list", pull_scope(repository.repository));
  call.http.url = tag_url(repository, subject);
  call.http.headers.emplace_back("Accept", oci::kMediaTypeIndex);
  net::Response response = transport_.send(call, stop);
  if (response.status == 404) return {};
  if (response.status != 200) transport_.refuse(call, response);
  return read_index(call, response.body);
}

void Referrers::write_tag(const oci::Reference& repository, const base::Digest& subject,
                          std::vector<oci::Descriptor> referrers, const std::stop_token& stop) {
  Call call = call_for(repository, subject, "update", push_scope(repository.repository));
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  index.manifests = std::move(referrers);
  index.serialize();
  call.http.method = "PUT";
  call.http.url = tag_url(repository, subject);
  call.http.headers.emplace_back("Content-Type", oci::kMediaTypeIndex);
  call.http.body = index.raw;
  net::Response response = transport_.send(call, stop);
  if (response.status < 200 || response.status > 299) transport_.refuse(call, response);
}

}  // namespace cooper::registry
