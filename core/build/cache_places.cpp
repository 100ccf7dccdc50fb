#include "build/cache_places.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "build/attributes.h"
#include "cache/azure_store.h"
#include "cache/gcs_store.h"
#include "cache/inline_backend.h"
#include "cache/object_backend.h"
#include "cache/registry_backend.h"
#include "cache/s3_store.h"
#include "cloud/context.h"

namespace cooper::build {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kLongestScope = 60;
constexpr cache::LastOfSteps kTogether = cache::LastOfSteps::kTogether;

struct Backends {
  std::shared_ptr<cache::Backend> backend;
  std::shared_ptr<cache::DirectoryBackend> directory;
  std::optional<oci::Reference> repository;
};

const std::set<std::string> kImportAttributes = {"ttl", "scope"};
const std::set<std::string> kExportAttributes = {"mode", "ignore-error", "scope", "read-only"};
const std::set<std::string> kBlobAttributes = {"compression", "compression-level", "force-compression"};

std::set<std::string> joined(std::set<std::string> names, const std::set<std::string>& more) {
  names.insert(more.begin(), more.end());
  return names;
}

std::string scope_of(const Attributes& attributes) {
  std::string scope = attributes.text("scope");
  const bool plain = std::all_of(scope.begin(), scope.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
  if (plain && scope.size() <= kLongestScope && !scope.starts_with('.')) return scope;
  throw Error(ErrorKind::kUsage, fmt::format("{}: '{}' is no scope", attributes.what(), scope))
      .hint(fmt::format("use at most {} letters, digits, '-', '_' and '.'", kLongestScope));
}

std::chrono::seconds ttl_of(const Attributes& attributes) {
  const std::string text = attributes.text("ttl");
  if (text.empty()) return {};
  if (auto ttl = base::parse_duration(text)) return std::chrono::duration_cast<std::chrono::seconds>(*ttl);
  throw Error(ErrorKind::kUsage, fmt::format("{}: '{}' is no duration", attributes.what(), text))
      .hint("write it like 12h or 14d");
}

oci::Reference repository_of(const Attributes& attributes) {
  oci::Reference reference = oci::Reference::parse(attributes.required("ref"));
  if (reference.host_was_explicit) return reference;
  throw Error(ErrorKind::kUsage,
              fmt::format("{}: '{}' names no registry", attributes.what(), attributes.required("ref")))
      .hint(fmt::format("write the host, too: {}", reference.name()));
}

[[noreturn]] void unknown_type(const Attributes& attributes, const std::string& type) {
  throw Error(ErrorKind::kUsage, fmt::format("{}: there is no cache of this type", attributes.what()))
      .hint(type == "gha" ? "use type=registry with ghcr.io, or type=local with actions/cache"
                          : "choose among registry, local, inline, s3, gcs, azblob");
}

// What cooper's caches always are, said by name.
void require_true(const Attributes& attributes, const char* name) {
  if (attributes.flag(name, true)) return;
  throw Error(ErrorKind::kUnsupported, fmt::format("{}: {}=false is not possible", attributes.what(), name))
      .hint("remove it: records are OCI image manifests");
}

class PlaceOpener {
 public:
  PlaceOpener(Toolbox& tools, cache::BlobProvider blobs, cache::Warn warn)
      : tools_(tools), blobs_(std::move(blobs)), warn_(std::move(warn)) {}

  void open(const CachePlace& place, std::vector<CacheImport>& imports) const {
    Attributes attributes("--cache-from type=" + place.type, place.attributes);
    const std::string scope = scope_of(attributes);
    const auto ttl = ttl_of(attributes);
    if (place.type == "registry") attributes.allow_only(joined(kImportAttributes, {"ref"}));
    if (place.type == "local") attributes.allow_only(joined(kImportAttributes, {"src"}));
    // Its own scope first, and what all share after it.
    std::vector<std::string> scopes = {scope};
    if (!scope.empty()) scopes.emplace_back();
    for (const std::string& one : scopes) {
      Backends found = open_backends(place, attributes, one, "src");
      imports.push_back(
          {std::make_unique<cache::Records>(found.backend, warn_, ttl, kTogether), found.repository, ttl});
    }
    if (place.type != "registry") return;
    // What buildx users call an inline cache is imported by the image's own name.
    const oci::Reference image = repository_of(attributes);
    auto records = std::make_shared<cache::InlineBackend>(tools_.cache_registry, image);
    imports.push_back({std::make_unique<cache::Records>(std::move(records), warn_, ttl), image, ttl});
  }

  void open(const CachePlace& place, std::vector<CacheExport>& exports) const {
    Attributes attributes("--cache-to type=" + place.type, place.attributes);
    CacheExport made;
    made.all_steps = mode_of(attributes) == "max";
    made.must_succeed = !attributes.flag("ignore-error", true);
    made.compression = compression_of(attributes);
    if (place.type == "inline") {
      attributes.allow_only({"mode", "ignore-error"});
      if (made.all_steps) {
        throw Error(ErrorKind::kUsage, "--cache-to type=inline: an image only holds its own layers")
            .hint("remove mode=max, or use type=registry");
      }
    } else {
      if (place.type == "registry") {
        attributes.allow_only(
            joined(joined(kExportAttributes, kBlobAttributes), {"ref", "oci-mediatypes", "image-manifest"}));
        require_true(attributes, "oci-mediatypes");
        require_true(attributes, "image-manifest");
      }
      if (place.type == "local")
        attributes.allow_only(joined(joined(kExportAttributes, kBlobAttributes), {"dest"}));
      Backends found = open_backends(place, attributes, scope_of(attributes), "dest");
      made.records =
          std::make_unique<cache::Records>(found.backend, warn_, std::chrono::seconds(), kTogether);
      made.directory = found.directory;
      made.repository = found.repository;
    }
    if (!attributes.flag("read-only", false)) exports.push_back(std::move(made));
  }

 private:
  Backends open_backends(const CachePlace& place, const Attributes& attributes, const std::string& scope,
                         const char* directory) const {
    Backends made;
    if (place.type == "registry") {
      made.repository = repository_of(attributes);
      made.backend = std::make_shared<cache::RegistryBackend>(
          tools_.cache_registry, cache::RegistryPlace{*made.repository, scope}, blobs_);
    } else if (place.type == "local") {
      made.directory =
          std::make_shared<cache::DirectoryBackend>(attributes.required(directory), scope, blobs_);
      made.backend = made.directory;
    } else {
      made.backend = std::make_shared<cache::ObjectBackend>(open_store(place, attributes), scope, blobs_);
    }
    return made;
  }

  // The service's own attributes are its own business.
  std::shared_ptr<cache::ObjectStore> open_store(const CachePlace& place,
                                                 const Attributes& attributes) const {
    const std::set<std::string> ours = joined(joined(kImportAttributes, kExportAttributes), kBlobAttributes);
    const std::map<std::string, std::string> theirs = attributes.without(ours);
    cloud::CloudContext context;
    context.http = tools_.http;
    context.environment = tools_.environment;
    context.on_retry = warn_;
    if (place.type == "s3") return cache::make_s3_store(theirs, context);
    if (place.type == "gcs") return cache::make_gcs_store(theirs, context);
    if (place.type == "azblob") return cache::make_azure_store(theirs, context);
    unknown_type(attributes, place.type);
  }

  static std::string mode_of(const Attributes& attributes) {
    std::string mode = attributes.text("mode");
    if (mode.empty() || mode == "min" || mode == "max") return mode;
    throw Error(ErrorKind::kUsage, fmt::format("{}: unknown mode '{}'", attributes.what(), mode))
        .hint("choose min (the layers of the image) or max (those of all stages)");
  }

  static std::optional<archive::CompressionOptions> compression_of(const Attributes& attributes) {
    attributes.flag("force-compression", false);  // blobs always have the form that is asked for
    if (attributes.find("compression") == nullptr && attributes.find("compression-level") == nullptr)
      return std::nullopt;
    return compression_options(attributes);
  }

  Toolbox& tools_;
  cache::BlobProvider blobs_;
  cache::Warn warn_;
};

}  // namespace

std::vector<CacheImport> open_imports(const BuildRequest& request, Toolbox& tools, const cache::Warn& warn) {
  std::vector<CacheImport> imports;
  PlaceOpener opener(tools, {}, warn);
  for (const CachePlace& place : request.cache_from) opener.open(place, imports);
  return imports;
}

std::vector<CacheExport> open_exports(const BuildRequest& request, Toolbox& tools,
                                      const cache::BlobProvider& blobs, const cache::Warn& warn) {
  std::vector<CacheExport> exports;
  PlaceOpener opener(tools, blobs, warn);
  for (const CachePlace& place : request.cache_to) opener.open(place, exports);
  return exports;
}

}  // namespace cooper::build
