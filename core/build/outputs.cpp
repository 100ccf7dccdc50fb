#include "build/outputs.h"

#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "build/attributes.h"
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
                                                "ignore-immutable-tags",
                                                "dest",
                                                "tar",
                                                "oci-mediatypes",
                                                "compression",
                                                "compression-level",
                                                "rewrite-timestamp",
                                                "source-date-epoch"};
const std::set<std::string> kTreeAttributes = {"dest", "platform-split", "source-date-epoch"};

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

std::vector<oci::Reference> output_names(const BuildRequest& request, const Attributes& attributes) {
  std::vector<std::string> texts = request.tags;
  if (const std::string* name = attributes.find("name")) texts = base::split(*name, ',');
  std::vector<oci::Reference> references;
  for (const std::string& text : texts) references.push_back(oci::Reference::parse(text));
  return references;
}

bool is_pushed(const std::string& type, const Attributes& attributes) {
  if (type != "registry" && type != "image") return false;
  return attributes.flag("push", type == "registry");
}

class OutputOpener {
 public:
  OutputOpener(const BuildRequest& request, const OutputWorld& world, const Epochs& epochs)
      : request_(request), world_(world), epochs_(epochs) {
    outputs_.epoch = epochs.image;
    outputs_.seal.epoch = epochs.files;
  }

  void open(const Output& output) {
    Attributes attributes("output type=" + output.type, output.attributes);
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
  struct Format {
    archive::CompressionOptions compression;
    Epochs epochs;
    bool docker_media_types = false;
    bool operator==(const Format&) const = default;
  };

  exporter::Destination destination(const Attributes& attributes) const {
    std::string path = attributes.required("dest");
    if (path == "-") return {"", world_.tools.standard_output};
    return {path, -1};
  }

  // An output may have a SOURCE_DATE_EPOCH of its own, or with an empty one keep the files' times, as
  // BuildKit's exporters have it.
  Epochs epochs(const Attributes& attributes) const {
    Epochs epochs = epochs_;
    if (const std::string* own = attributes.find("source-date-epoch"); own != nullptr && own->empty()) {
      epochs.files.reset();
    } else if (own != nullptr) {
      epochs.image = epochs.files = attributes.number("source-date-epoch", 0);
    }
    if (!attributes.flag("rewrite-timestamp", true)) epochs.files.reset();
    return epochs;
  }

  // The image is made once, so all its outputs have the same form.
  void choose_format(const Attributes& attributes) {
    Format format;
    format.compression = compression_options(attributes);
    format.epochs = epochs(attributes);
    format.docker_media_types = !attributes.flag("oci-mediatypes", true);
    if (chosen_ && *chosen_ != format) {
      throw Error(ErrorKind::kUsage, "outputs ask for different forms of the same image")
          .hint(
              "give all of them the same compression, compression-level, oci-mediatypes, "
              "rewrite-timestamp and source-date-epoch");
    }
    chosen_ = format;
    outputs_.seal.compression = format.compression;
    outputs_.epoch = format.epochs.image;
    outputs_.seal.epoch = format.epochs.files;
    outputs_.docker_media_types = format.docker_media_types;
  }

  void open_registry(const std::string& type, const Attributes& attributes) {
    choose_format(attributes);
    outputs_.makes_image = true;
    if (!is_pushed(type, attributes)) return;
    exporter::RegistryOutput output;
    output.names = output_names(request_, attributes);
    output.by_digest = attributes.flag("push-by-digest", false);
    output.ignore_immutable = attributes.flag("ignore-immutable-tags", false);
    if (output.names.empty()) {
      throw Error(ErrorKind::kUsage, "nothing to push to: the image has no name")
          .hint("add -t HOST/REPOSITORY:TAG");
    }
    outputs_.exporters.push_back(exporter::make_registry_exporter(std::move(output), world_.tools.registry,
                                                                  world_.layers, world_.places));
  }

  void open_archive(const std::string& type, const Attributes& attributes) {
    choose_format(attributes);
    exporter::ArchiveOutput output;
    output.kind = type == "oci" ? exporter::ArchiveKind::kOci : exporter::ArchiveKind::kDocker;
    output.as_directory = !attributes.flag("tar", true);
    output.destination = destination(attributes);
    output.names = output_names(request_, attributes);
    outputs_.exporters.push_back(exporter::make_archive_exporter(std::move(output), world_.layers));
  }

  void open_tree(const std::string& type, const Attributes& attributes) {
    exporter::TreeOutput output;
    output.as_tar = type == "tar";
    output.destination = destination(attributes);
    if (attributes.find("platform-split") != nullptr)
      output.platform_split = attributes.flag("platform-split", true);
    output.epoch = epochs(attributes).files;
    outputs_.exporters.push_back(exporter::make_tree_exporter(std::move(output), world_.layers, world_.pool));
  }

  const BuildRequest& request_;
  const OutputWorld& world_;
  Epochs epochs_;
  std::optional<Format> chosen_;
  Outputs outputs_;
};

}  // namespace

bool Outputs::needs_image() const {
  for (const auto& exporter : exporters) {
    if (exporter->needs_image()) return true;
  }
  return makes_image;
}

std::vector<oci::Reference> push_targets(const BuildRequest& request) {
  std::vector<oci::Reference> targets;
  for (const Output& output : request.outputs) {
    Attributes attributes("output type=" + output.type, output.attributes);
    if (!is_pushed(output.type, attributes)) continue;
    for (oci::Reference& name : output_names(request, attributes)) targets.push_back(std::move(name));
  }
  return targets;
}

Outputs open_outputs(const BuildRequest& request, const OutputWorld& world, const Epochs& epochs) {
  check_annotations(request);
  OutputOpener opener(request, world, epochs);
  for (const Output& output : request.outputs) opener.open(output);
  return opener.take();
}

}  // namespace cooper::build
