#include "exporter/archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "archive/tar_writer.h"
#include "base/error.h"
#include "exporter/blob_fetcher.h"
#include "os/beneath.h"
#include "store/store.h"

namespace cooper::exporter {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kLayout = R"({"imageLayoutVersion":"1.0.0"})";

std::string blob_name(const base::Digest& digest) {
  return "blobs/sha256/" + digest.hex();
}

// A place for the members of a layout: a tar, or a directory.
class LayoutWriter {
 public:
  virtual ~LayoutWriter() = default;
  virtual void add_text(const std::string& name, std::string_view text) = 0;
  virtual void add_blob(const std::string& name, const os::Fd& file, std::uint64_t size) = 0;
  virtual void finish() = 0;
};

class TarLayout final : public LayoutWriter {
 public:
  explicit TarLayout(const Destination& destination) : out_(open_destination(destination)), tar_(*out_) {
    for (const char* directory : {"blobs", "blobs/sha256"}) {
      archive::TarEntry entry;
      entry.path = directory;
      entry.type = archive::EntryType::kDirectory;
      entry.mode = 0755;
      tar_.add(entry);
    }
  }
  void add_text(const std::string& name, std::string_view text) override {
    base::MemorySource source(text);
    tar_.add(member(name, text.size()), source);
  }
  void add_blob(const std::string& name, const os::Fd& file, std::uint64_t size) override {
    os::FdSource source(file.get(), name);
    tar_.add(member(name, size), source);
  }
  void finish() override {
    tar_.finish();
    out_->finish();
  }

 private:
  static archive::TarEntry member(const std::string& name, std::uint64_t size) {
    archive::TarEntry entry;
    entry.path = name;
    entry.mode = 0644;
    entry.size = size;
    return entry;
  }
  std::unique_ptr<base::ByteSink> out_;
  archive::TarWriter tar_;
};

class DirectoryLayout final : public LayoutWriter {
 public:
  explicit DirectoryLayout(std::string path) : path_(std::move(path)) {
    os::make_directories(path_ + "/blobs/sha256");
  }
  void add_text(const std::string& name, std::string_view text) override {
    os::write_file_atomically(path_ + "/" + name, text);
  }
  void add_blob(const std::string& name, const os::Fd& file, std::uint64_t) override {
    os::Fd out = os::open_file(path_ + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    os::FdSource source(file.get(), name);
    os::FdSink sink(out.get(), path_ + "/" + name);
    base::copy_all(source, sink);
  }
  void finish() override {}

 private:
  std::string path_;
};

ordered_json descriptor_json(const oci::Descriptor& descriptor) {
  ordered_json json;
  json["mediaType"] = descriptor.media_type;
  json["digest"] = descriptor.digest.str();
  json["size"] = descriptor.size;
  for (const auto& [key, value] : descriptor.annotations) json["annotations"][key] = value;
  return json;
}

class ArchiveExporter final : public Exporter {
 public:
  ArchiveExporter(ArchiveOutput output, snapshot::LayerStore& layers)
      : output_(std::move(output)), layers_(layers) {}

  bool needs_image() const override { return true; }

  std::unique_ptr<image::LayerReceiver> receive_layer(const snapshot::LayerPtr& layer,
                                                      const std::stop_token& stop) override {
    return std::make_unique<BlobFetcher>(layers_, layer, stop);
  }

  std::string finish(const BuiltImages& built, const std::stop_token&) override {
    std::unique_ptr<LayoutWriter> layout;
    if (output_.as_directory) {
      layout = std::make_unique<DirectoryLayout>(output_.destination.path);
    } else {
      layout = std::make_unique<TarLayout>(output_.destination);
    }
    std::set<base::Digest> written;
    for (const image::Image& image : built.images) add_image(*layout, image, written);
    if (built.index) layout->add_text(blob_name(built.index->descriptor().digest), built.index->raw);
    layout->add_text("oci-layout", kLayout);
    layout->add_text("index.json", index_json(built));
    if (output_.kind == ArchiveKind::kDocker) layout->add_text("manifest.json", docker_manifest_json(built));
    layout->finish();
    return fmt::format("wrote {} to {}", built.target().digest.str(), output_.destination.shown());
  }

 private:
  void add_image(LayoutWriter& layout, const image::Image& image, std::set<base::Digest>& written) {
    for (const image::ImageLayer& layer : image.layers) {
      const base::Digest& digest = layer.sealed.blob.digest;
      if (!written.insert(digest).second) continue;
      os::Fd file = layers_.store().open_blob(digest);
      layout.add_blob(blob_name(digest), file, layer.sealed.blob.size);
    }
    layout.add_text(blob_name(image.manifest.config.digest), image.config_json);
    layout.add_text(blob_name(image.manifest.descriptor().digest), image.manifest.raw);
  }

  // One entry per name, all of the same target; one without a name when there is none.
  std::string index_json(const BuiltImages& built) const {
    ordered_json index;
    index["schemaVersion"] = 2;
    index["mediaType"] = oci::kMediaTypeIndex;
    index["manifests"] = ordered_json::array();
    ordered_json target = descriptor_json(built.target());
    if (output_.names.empty()) index["manifests"].push_back(target);
    for (const oci::Reference& name : output_.names) {
      ordered_json named = target;
      named["annotations"]["io.containerd.image.name"] = name.str();
      named["annotations"]["org.opencontainers.image.ref.name"] = name.tag;
      index["manifests"].push_back(std::move(named));
    }
    return index.dump();
  }

  std::string docker_manifest_json(const BuiltImages& built) const {
    if (built.images.size() != 1) {
      throw base::Error(base::ErrorKind::kUsage, "type=docker holds one platform")
          .hint("use type=oci for several platforms");
    }
    const image::Image& image = built.images.front();
    ordered_json entry;
    entry["Config"] = blob_name(image.manifest.config.digest);
    entry["RepoTags"] = ordered_json::array();
    for (const oci::Reference& name : output_.names) entry["RepoTags"].push_back(name.familiar());
    entry["Layers"] = ordered_json::array();
    for (const oci::Descriptor& layer : image.manifest.layers)
      entry["Layers"].push_back(blob_name(layer.digest));
    return ordered_json::array({entry}).dump();
  }

  ArchiveOutput output_;
  snapshot::LayerStore& layers_;
};

}  // namespace

std::unique_ptr<Exporter> make_archive_exporter(ArchiveOutput output, snapshot::LayerStore& layers) {
  return std::make_unique<ArchiveExporter>(std::move(output), layers);
}

}  // namespace cooper::exporter
