#include "build/outputs.h"

#include <charconv>
#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "exporter/archive.h"
#include "exporter/registry.h"
#include "exporter/tree.h"

namespace cooper::build {
namespace {

using base::Error;
using base::ErrorKind;

const std::set<std::string> kImageAttributes = {"name",
                                                "push",
                                                "push-by-digest",
                                                "dest",
                                                "tar",
                                                "oci-mediatypes",
                                                "compression",
                                                "compression-level",
                                                "rewrite-timestamp",
                                                "source-date-epoch"};
const std::set<std::string> kTreeAttributes = {"dest", "platform-split", "source-date-epoch"};

// Reads the attributes of one output; every one must be known.
class Attributes {
 public:
  explicit Attributes(const Output& output) : output_(output) {}

  void allow_only(const std::set<std::string>& known) const {
    for (const auto& [name, value] : output_.attributes) {
      if (known.contains(name)) continue;
      throw Error(ErrorKind::kUsage, fmt::format("output type={} has no attribute '{}'", output_.type, name))
          .hint("choose among " + base::join({known.begin(), known.end()}, ", "));
    }
  }
  const std::string* find(const std::string& name) const {
    auto found = output_.attributes.find(name);
    return found == output_.attributes.end() ? nullptr : &found->second;
  }
  bool flag(const std::string& name, bool otherwise) const {
    const std::string* value = find(name);
    if (value == nullptr) return otherwise;
    if (*value == "true" || *value == "1" || value->empty()) return true;
    if (*value == "false" || *value == "0") return false;
    throw Error(ErrorKind::kUsage,
                fmt::format("output attribute {}={} is neither true nor false", name, *value));
  }
  template <typename Number>
  Number number(const std::string& name, Number otherwise) const {
    const std::string* value = find(name);
    if (value == nullptr) return otherwise;
    Number parsed = 0;
    auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), parsed);
    if (error == std::errc() && end == value->data() + value->size()) return parsed;
    throw Error(ErrorKind::kUsage, fmt::format("output attribute {}={} is not a number", name, *value));
  }
  std::string required(const std::string& name) const {
    const std::string* value = find(name);
    if (value != nullptr && !value->empty()) return *value;
    throw Error(ErrorKind::kUsage, fmt::format("output type={} needs {}=…", output_.type, name));
  }

 private:
  const Output& output_;
};

archive::Compression compression_named(const std::string& name) {
  if (name == "gzip") return archive::Compression::kGzip;
  if (name == "zstd") return archive::Compression::kZstd;
  if (name == "uncompressed") return archive::Compression::kNone;
  throw Error(ErrorKind::kUsage, fmt::format("unknown compression '{}'", name))
      .hint("choose among gzip, zstd, uncompressed");
}

void check_annotations(const BuildRequest& request) {
  if (request.platforms.size() > 1) return;
  for (const image::Annotation& annotation : request.annotations) {
    if (annotation.place != image::AnnotationPlace::kIndex &&
        annotation.place != image::AnnotationPlace::kIndexDescriptor) {
      continue;
    }
    throw Error(
        ErrorKind::kUsage,
        fmt::format("annotation '{}' is for an index, and an image of one platform has none", annotation.key))
        .hint("annotate the manifest, or build for several platforms");
  }
}

class OutputOpener {
 public:
  OutputOpener(const BuildRequest& request, Toolbox& tools, snapshot::LayerStore& layers,
               base::ThreadPool& pool, const BaseImages& bases, std::optional<std::int64_t> epoch)
      : request_(request), tools_(tools), layers_(layers), pool_(pool), bases_(bases), epoch_(epoch) {
    outputs_.epoch = epoch;
    outputs_.seal.epoch = epoch;
  }

  void open(const Output& output) {
    Attributes attributes(output);
    if (output.type == "cacheonly") return;
    if (output.type == "local" || output.type == "tar") {
      attributes.allow_only(kTreeAttributes);
      open_tree(output.type, attributes);
    } else if (output.type == "registry" || output.type == "image") {
      attributes.allow_only(kImageAttributes);
      open_registry(output.type, attributes);
    } else if (output.type == "oci" || output.type == "docker") {
      attributes.allow_only(kImageAttributes);
      open_archive(output.type, attributes);
    } else {
      throw Error(ErrorKind::kUsage, fmt::format("unknown output type '{}'", output.type))
          .hint("choose among registry, image, oci, docker, local, tar, cacheonly");
    }
  }

  Outputs take() { return std::move(outputs_); }

 private:
  // Times that newer ones become: of image and history, and of files.
  struct Epochs {
    std::optional<std::int64_t> image;
    std::optional<std::int64_t> files;
    bool operator==(const Epochs&) const = default;
  };
  struct Format {
    archive::Compression type = archive::Compression::kGzip;
    int level = -1;
    Epochs epochs;
    bool docker_media_types = false;
    bool operator==(const Format&) const = default;
  };

  std::vector<oci::Reference> names(const Attributes& attributes) const {
    std::vector<std::string> texts = request_.tags;
    if (const std::string* name = attributes.find("name")) texts = base::split(*name, ',');
    std::vector<oci::Reference> references;
    for (const std::string& text : texts) references.push_back(oci::Reference::parse(text));
    return references;
  }

  exporter::Destination destination(const Attributes& attributes) const {
    std::string path = attributes.required("dest");
    if (path == "-") return {"", tools_.standard_output};
    return {path, -1};
  }

  // An output may have a SOURCE_DATE_EPOCH of its own, or with an empty one keep the files' times, as
  // BuildKit's exporters have it.
  Epochs epochs(const Attributes& attributes) const {
    Epochs epochs{epoch_, epoch_};
    if (const std::string* own = attributes.find("source-date-epoch"); own != nullptr && own->empty()) {
      epochs.files.reset();
    } else if (own != nullptr) {
      epochs.image = epochs.files = attributes.number<std::int64_t>("source-date-epoch", 0);
    }
    if (!attributes.flag("rewrite-timestamp", true)) epochs.files.reset();
    return epochs;
  }

  // The image is made once, so all its outputs have the same form.
  void choose_format(const Attributes& attributes) {
    Format format;
    if (const std::string* name = attributes.find("compression")) format.type = compression_named(*name);
    format.level = attributes.number("compression-level", format.level);
    format.epochs = epochs(attributes);
    format.docker_media_types = !attributes.flag("oci-mediatypes", true);
    if (chosen_ && *chosen_ != format) {
      throw Error(ErrorKind::kUsage, "outputs ask for different forms of the same image")
          .hint(
              "give all of them the same compression, compression-level, oci-mediatypes, "
              "rewrite-timestamp and source-date-epoch");
    }
    chosen_ = format;
    outputs_.seal.compression = {format.type, format.level};
    outputs_.epoch = format.epochs.image;
    outputs_.seal.epoch = format.epochs.files;
    outputs_.docker_media_types = format.docker_media_types;
  }

  void open_registry(const std::string& type, const Attributes& attributes) {
    choose_format(attributes);
    if (!attributes.flag("push", type == "registry")) return;
    exporter::RegistryOutput output;
    output.names = names(attributes);
    output.by_digest = attributes.flag("push-by-digest", false);
    if (output.names.empty()) {
      throw Error(ErrorKind::kUsage, "nothing to push to: the image has no name")
          .hint("add -t HOST/REPOSITORY:TAG");
    }
    outputs_.exporters.push_back(
        exporter::make_registry_exporter(std::move(output), tools_.registry, layers_, bases_.repositories()));
  }

  void open_archive(const std::string& type, const Attributes& attributes) {
    choose_format(attributes);
    exporter::ArchiveOutput output;
    output.kind = type == "oci" ? exporter::ArchiveKind::kOci : exporter::ArchiveKind::kDocker;
    output.as_directory = !attributes.flag("tar", true);
    output.destination = destination(attributes);
    output.names = names(attributes);
    outputs_.exporters.push_back(exporter::make_archive_exporter(std::move(output), layers_));
  }

  void open_tree(const std::string& type, const Attributes& attributes) {
    exporter::TreeOutput output;
    output.as_tar = type == "tar";
    output.destination = destination(attributes);
    if (attributes.find("platform-split") != nullptr)
      output.platform_split = attributes.flag("platform-split", true);
    output.epoch = epochs(attributes).files;
    outputs_.exporters.push_back(exporter::make_tree_exporter(std::move(output), layers_, pool_));
  }

  const BuildRequest& request_;
  Toolbox& tools_;
  snapshot::LayerStore& layers_;
  base::ThreadPool& pool_;
  const BaseImages& bases_;
  std::optional<std::int64_t> epoch_;
  std::optional<Format> chosen_;
  Outputs outputs_;
};

}  // namespace

bool Outputs::needs_image() const {
  for (const auto& exporter : exporters) {
    if (exporter->needs_image()) return true;
  }
  return false;
}

Outputs open_outputs(const BuildRequest& request, Toolbox& tools, snapshot::LayerStore& layers,
                     base::ThreadPool& pool, const BaseImages& bases, std::optional<std::int64_t> epoch) {
  check_annotations(request);
  OutputOpener opener(request, tools, layers, pool, bases, epoch);
  for (const Output& output : request.outputs) opener.open(output);
  return opener.take();
}

}  // namespace cooper::build
