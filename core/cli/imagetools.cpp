#include "cli/imagetools.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/copy_progress.h"
#include "cli/image_command.h"
#include "cli/imagetools_report.h"
#include "cli/network.h"
#include "cli/registry_flags.h"
#include "cli/store_command.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "transfer/copy.h"
#include "transfer/inspect.h"
#include "transfer/join.h"

namespace cooper::cli {

namespace {

using Places = std::vector<std::unique_ptr<transfer::ImagePlace>>;

struct ToolFlags {
  ImageFlags image;
  std::vector<std::string> files;  // create: sources by descriptor
  std::string metadata_file;       // create
  std::string format;              // inspect
  std::string progress;
  std::string builder;
  bool prefer_index = true;
};

// A source may be a name, a digest or a descriptor; the last two are of the repository of the first -t.
std::string source_name(const std::string& source, const std::vector<std::string>& targets) {
  std::string digest(base::trim(source));
  if (digest.starts_with("{")) {
    digest = oci::Descriptor::parse(digest).digest.str();
  } else if (!base::Digest::parse(digest)) {
    return digest;
  }
  if (targets.empty()) {
    throw base::Error(base::ErrorKind::kUsage, fmt::format("source '{}' is of no repository", digest))
        .hint("write it as HOST/REPOSITORY@DIGEST, or add -t NAME");
  }
  return oci::Reference::parse(targets.front()).name() + "@" + digest;
}

class Creation {
 public:
  Creation(const ToolFlags& flags, const Environment& environment, std::stop_token stop)
      : flags_(flags),
        stop_(std::move(stop)),
        client_(open_network(environment, flags.image.registry, warn).client()),
        progress_(flags.progress == "quiet") {}

  int run() {
    const std::vector<std::string> names = source_names();
    const Places sources = open(names);
    const Places targets = open(flags_.image.targets);
    if (is_copy(sources)) return copy(*sources.front(), targets);
    transfer::JoinOptions options;
    options.copy = progress_.options();
    options.annotations = index_annotations(flags_.image.annotations);
    transfer::JoinedImages joined = transfer::join_images(sources, options, stop_);
    choose_platforms(joined);
    if (flags_.image.dry_run) {
      print(joined.index.raw + "\n");
      return 0;
    }
    transfer::put_index(joined, sources, targets, options, stop_);
    tell(joined.index.descriptor());
    return 0;
  }

 private:
  std::vector<std::string> source_names() const {
    const ImageFlags& image = flags_.image;
    if (image.targets.empty() && !image.dry_run) {
      throw base::Error(base::ErrorKind::kUsage, "the image has no name")
          .hint("add -t HOST/REPOSITORY:TAG, or --dry-run to see it");
    }
    if (image.append && image.targets.empty())
      throw base::Error(base::ErrorKind::kUsage, "--append has nothing to append to").hint("add -t NAME");
    std::vector<std::string> sources;
    if (image.append) sources.push_back(image.targets.front());
    for (const std::string& file : flags_.files)
      sources.push_back(source_name(os::read_file(file), image.targets));
    for (const std::string& source : image.sources) sources.push_back(source_name(source, image.targets));
    if (sources.empty()) {
      throw base::Error(base::ErrorKind::kUsage, "there is nothing to make the image of")
          .hint("name the images, or give descriptors with -f FILE");
    }
    return sources;
  }

  Places open(const std::vector<std::string>& names) const {
    Places places;
    for (const std::string& name : names) places.push_back(transfer::open_place(name, client_));
    return places;
  }

  // One index gets another name as it is, and so does one image where that is asked for.
  bool is_copy(const Places& sources) {
    if (sources.size() != 1 || !flags_.image.annotations.empty() || !flags_.image.platforms.empty())
      return false;
    if (!flags_.prefer_index) return true;
    return transfer::inspect_image(*sources.front(), {}, stop_).index.has_value();
  }

  int copy(transfer::ImagePlace& source, const Places& targets) {
    if (flags_.image.dry_run) {
      print(transfer::inspect_image(source, {}, stop_).document.raw + "\n");
      return 0;
    }
    oci::Descriptor image;
    for (const auto& target : targets) {
      const transfer::CopyResult done = transfer::copy_image(source, *target, progress_.options(), stop_);
      if (flags_.progress != "quiet") progress_.tell(source.shown(), target->shown(), done);
      image = done.image;
    }
    tell(image);
    return 0;
  }

  void choose_platforms(transfer::JoinedImages& joined) const {
    if (flags_.image.platforms.empty()) return;
    std::vector<oci::Descriptor> kept;
    for (const std::string& text : flags_.image.platforms) {
      const oci::Descriptor* found = joined.index.select(oci::parse_platform(text));
      if (found == nullptr) {
        throw base::Error(base::ErrorKind::kUsage,
                          fmt::format("none of the images is for platform '{}'", text))
            .hint("see what there is with 'imagetools inspect'");
      }
      kept.push_back(*found);
    }
    joined.index.manifests = kept;
    joined.index.serialize();
    for (std::vector<oci::Descriptor>& part : joined.parts) {
      std::erase_if(part, [&](const oci::Descriptor& one) {
        return std::none_of(kept.begin(), kept.end(),
                            [&](const oci::Descriptor& chosen) { return chosen.digest == one.digest; });
      });
    }
  }

  void tell(const oci::Descriptor& image) const {
    if (!flags_.metadata_file.empty()) {
      const std::string names = base::join(flags_.image.targets, ",");
      os::write_file_atomically(flags_.metadata_file, render_imagetools_metadata(image, names));
    }
    print(image.digest.str() + "\n");
  }

  const ToolFlags& flags_;
  const std::stop_token stop_;
  const std::shared_ptr<registry::Client> client_;
  CopyProgress progress_;
};

int inspect(const ToolFlags& flags, const Environment& environment, const std::stop_token& stop) {
  const std::shared_ptr<registry::Client> client =
      open_network(environment, flags.image.registry, warn).client();
  const std::unique_ptr<transfer::ImagePlace> place = transfer::open_place(flags.image.name, client);
  const transfer::InspectedImage image = transfer::inspect_image(*place, {}, stop);
  if (flags.image.raw) {
    print(image.document.raw);
  } else if (flags.format.empty()) {
    print(render_imagetools(image));
  } else {
    print(render_imagetools(image, flags.format, [&](const oci::Platform& platform) {
      return transfer::inspect_image(*place, platform, stop).config_json;
    }));
  }
  return 0;
}

Verb add_create(Command imagetools) {
  auto flags = std::make_shared<ToolFlags>();
  ImageFlags& image = flags->image;
  Command command = imagetools.add_command("create", "make an image of others, in a registry");
  command.add_positional("sources", image.sources, "a name, a digest or a descriptor").type_name("SOURCE");
  command.add_option("-t,--tag", image.targets, "name of the image; repeatable");
  command.add_option("-f,--file", flags->files, "a file with a descriptor, name or digest as source");
  command.add_option("--annotation", image.annotations, "[index:]KEY=VALUE on the index");
  command.add_option("-p,--platform", image.platforms, "of the sources only these").delimiter(',');
  command.add_option("--metadata-file", flags->metadata_file, "write digest and descriptor to this file");
  command.add_option("--progress", flags->progress, "auto, plain, tty, rawjson, quiet");
  command.add_flag("--append", image.append, "add to what the name has already");
  command.add_flag("--dry-run", image.dry_run, "print the image and write nothing");
  command.add_flag("--prefer-index", flags->prefer_index, "make an index also of a single image (default)");
  command.add_option("--builder", flags->builder, "accepted: there is one builder only");
  add_registry_flags(command, image.registry);
  return {command, [flags](const Environment& environment) {
            return run_stoppable(
                [&](const std::stop_token& stop) { return Creation(*flags, environment, stop).run(); });
          }};
}

Verb add_inspect(Command imagetools) {
  auto flags = std::make_shared<ToolFlags>();
  Command command = imagetools.add_command("inspect", "show what a name means");
  command.add_positional("name", flags->image.name, "HOST/REPOSITORY:TAG or …@DIGEST")
      .required()
      .type_name("NAME");
  command.add_option("--format", flags->format,
                     "{{json .}}, {{json .Manifest}}, {{json .Image}}, {{.Manifest.Digest}}, {{.Name}}, …");
  command.add_flag("--raw", flags->image.raw, "the manifest or index as it is");
  command.add_option("--builder", flags->builder, "accepted: there is one builder only");
  add_registry_flags(command, flags->image.registry);
  return {
      command, [flags](const Environment& environment) {
        return run_stoppable([&](const std::stop_token& stop) { return inspect(*flags, environment, stop); });
      }};
}

}  // namespace

std::vector<Verb> add_imagetools_verbs(Command buildx) {
  Command imagetools = buildx.add_command("imagetools", "look at images in registries, and join them");
  imagetools.require_command();
  return {add_create(imagetools), add_inspect(imagetools)};
}

}  // namespace cooper::cli
