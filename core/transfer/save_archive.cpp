#include "transfer/save_archive.h"

#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "archive/tar_writer.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "oci/reference.h"
#include "transfer/find_image.h"
#include "transfer/image_tree.h"
#include "transfer/oci_layout.h"
#include "transfer/store_place.h"

namespace cooper::transfer {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
constexpr const char* kImageName = "io.containerd.image.name";

std::string blob_name(const base::Digest& digest) {
  return "blobs/sha256/" + digest.hex();
}

// One image with the names under which it was asked for.
struct Saved {
  ImageTree tree;
  std::vector<std::string> names;
};

class ArchiveWriter {
 public:
  ArchiveWriter(std::shared_ptr<store::Store> store, const SaveOptions& options, base::ByteSink& out,
                const std::stop_token& stop)
      : store_(std::move(store)), options_(options), out_(out), tar_(out), stop_(stop) {}

  void add(const std::string& text) {
    const store::NamedImage image = require_image(*store_, text);
    StorePlace place(store_, text);
    registry::RawManifest root = find_root(place, stop_);
    if (std::optional<oci::Platform> platform = chosen_platform())
      root = narrow_to(place, std::move(root), *platform, stop_);
    auto [saved, is_new] = saved_.try_emplace(root.digest);
    if (is_new) {
      order_.push_back(root.digest);
      saved->second.tree = read_tree(place, std::move(root), {}, stop_);
    }
    if (!image.name.empty()) saved->second.names.push_back(image.name);
  }

  void write() {
    for (const char* directory : {"blobs", "blobs/sha256"}) {
      archive::TarEntry entry = member(directory, 0);
      entry.type = archive::EntryType::kDirectory;
      entry.mode = 0755;
      tar_.add(entry);
    }
    for (const base::Digest& digest : order_) add_blobs(saved_.at(digest).tree);
    add_text("oci-layout", kLayoutFile);
    add_text("index.json", index_json());
    if (options_.form == ArchiveForm::kDocker) add_text("manifest.json", manifest_json());
    tar_.finish();
    out_.finish();
  }

 private:
  std::optional<oci::Platform> chosen_platform() const {
    if (options_.form == ArchiveForm::kOci || options_.platform) return options_.platform;
    return oci::host_platform();
  }

  static archive::TarEntry member(const std::string& name, std::uint64_t size) {
    archive::TarEntry entry;
    entry.path = name;
    entry.mode = 0644;
    entry.size = size;
    return entry;
  }

  void add_text(const std::string& name, std::string_view text) {
    base::MemorySource source(text);
    tar_.add(member(name, text.size()), source);
  }

  void add_blobs(const ImageTree& tree) {
    StorePlace place(store_, "");
    for (const oci::Descriptor& blob : tree.blobs) {
      base::throw_if_stopped(stop_);
      if (!written_.insert(blob.digest).second) continue;
      std::unique_ptr<base::ByteSource> content = place.open_blob(blob, stop_);
      tar_.add(member(blob_name(blob.digest), blob.size), *content);
    }
    for (const registry::RawManifest& document : tree.documents) add_document(document);
    add_document(tree.root);
  }

  void add_document(const registry::RawManifest& document) {
    if (written_.insert(document.digest).second) add_text(blob_name(document.digest), document.raw);
  }

  // One entry a name; one without a name for an image that has none.
  std::string index_json() const {
    oci::Index index;
    index.media_type = oci::kMediaTypeIndex;
    for (const base::Digest& digest : order_) {
      const Saved& saved = saved_.at(digest);
      oci::Descriptor entry;
      entry.media_type = saved.tree.root.media_type;
      entry.digest = digest;
      entry.size = saved.tree.root.raw.size();
      if (saved.names.empty()) index.manifests.push_back(entry);
      for (const std::string& name : saved.names) {
        entry.annotations[kImageName] = name;
        entry.annotations[kRefName] = oci::Reference::parse(name).tag;
        index.manifests.push_back(entry);
      }
    }
    index.serialize();
    return index.raw;
  }

  std::string manifest_json() const {
    ordered_json images = ordered_json::array();
    for (const base::Digest& digest : order_) {
      const Saved& saved = saved_.at(digest);
      const oci::Manifest manifest = oci::Manifest::parse(saved.tree.root.raw, saved.tree.root.media_type);
      ordered_json entry;
      entry["Config"] = blob_name(manifest.config.digest);
      entry["RepoTags"] = ordered_json::array();
      for (const std::string& name : saved.names)
        entry["RepoTags"].push_back(oci::Reference::parse(name).familiar());
      entry["Layers"] = ordered_json::array();
      for (const oci::Descriptor& layer : manifest.layers) entry["Layers"].push_back(blob_name(layer.digest));
      images.push_back(std::move(entry));
    }
    return images.dump();
  }

  const std::shared_ptr<store::Store> store_;
  const SaveOptions& options_;
  base::ByteSink& out_;
  archive::TarWriter tar_;
  const std::stop_token stop_;
  std::map<base::Digest, Saved> saved_;
  std::vector<base::Digest> order_;
  std::set<base::Digest> written_;
};

}  // namespace

void save_archive(const std::shared_ptr<store::Store>& store, const std::vector<std::string>& images,
                  const SaveOptions& options, base::ByteSink& out, const std::stop_token& stop) {
  ArchiveWriter writer(store, options, out, stop);
  for (const std::string& image : images) writer.add(image);
  writer.write();
}

}  // namespace cooper::transfer
