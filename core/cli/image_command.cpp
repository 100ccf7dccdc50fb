#include "cli/image_command.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/copy_progress.h"
#include "cli/flag_values.h"
#include "cli/image_report.h"
#include "cli/network.h"
#include "cli/signals.h"
#include "cli/store_command.h"
#include "transfer/copy.h"
#include "transfer/inspect.h"
#include "transfer/join.h"

namespace cooper::cli {

namespace {

using Places = std::vector<std::unique_ptr<transfer::ImagePlace>>;

std::vector<oci::Platform> parse_platforms(const std::vector<std::string>& texts) {
  std::vector<oci::Platform> platforms;
  for (const std::string& text : texts) platforms.push_back(oci::parse_platform(text));
  return platforms;
}

class ImageCommand {
 public:
  ImageCommand(const ImageFlags& flags, const Environment& environment)
      : flags_(flags),
        client_(open_network(environment, flags.registry, warn).client()),
        progress_(flags.quiet) {}

  int run() {
    switch (flags_.action) {
      case ImageFlags::Action::kInspect:
        return inspect();
      case ImageFlags::Action::kCopy:
        return copy();
      case ImageFlags::Action::kIndex:
        return index();
    }
    return 0;
  }

  int stop_signal() const { return signals_.last(); }

 private:
  Places open(const std::vector<std::string>& names) const {
    Places places;
    for (const std::string& name : names) places.push_back(transfer::open_place(name, client_));
    return places;
  }

  int inspect() {
    std::vector<oci::Platform> platforms = parse_platforms(flags_.platforms);
    if (platforms.size() > 1) {
      throw base::Error(base::ErrorKind::kUsage, "'image inspect' shows one platform")
          .hint("give one --platform");
    }
    std::optional<oci::Platform> platform;
    if (!platforms.empty()) platform = platforms.front();
    // The config is of one image.
    if (flags_.config && !platform) platform = oci::host_platform();
    std::unique_ptr<transfer::ImagePlace> place = transfer::open_place(flags_.name, client_);
    transfer::InspectedImage image = transfer::inspect_image(*place, platform, signals_.token());
    if (flags_.referrers) image.referrers = place->list_referrers(image.document.digest, signals_.token());
    if (flags_.raw) {
      print(image.document.raw);
    } else if (flags_.config) {
      print(image.config_json);
    } else {
      print(flags_.json ? render_image_json(image) : render_image(image));
    }
    return 0;
  }

  int copy() {
    transfer::CopyOptions options = progress_.options();
    options.platforms = parse_platforms(flags_.platforms);
    options.referrers = flags_.referrers;
    std::unique_ptr<transfer::ImagePlace> source = transfer::open_place(flags_.name, client_);
    for (const auto& target : open(flags_.targets)) {
      const transfer::CopyResult done = transfer::copy_image(*source, *target, options, signals_.token());
      progress_.tell(source->shown(), target->shown(), done);
      print(done.image.digest.str() + "\n");
    }
    return 0;
  }

  transfer::JoinOptions join_options() {
    transfer::JoinOptions options;
    options.copy = progress_.options();
    options.annotations = index_annotations(flags_.annotations);
    return options;
  }

  // What is there already comes first, as with imagetools.
  std::vector<std::string> index_sources() const {
    std::vector<std::string> sources;
    if (flags_.append) sources.push_back(flags_.targets.front());
    sources.insert(sources.end(), flags_.sources.begin(), flags_.sources.end());
    return sources;
  }

  int index() {
    if (flags_.targets.empty() && !flags_.dry_run) {
      throw base::Error(base::ErrorKind::kUsage, "the index has no name")
          .hint("add -t HOST/REPOSITORY:TAG, or --dry-run to see it");
    }
    if (flags_.append && flags_.targets.empty())
      throw base::Error(base::ErrorKind::kUsage, "--append has nothing to append to").hint("add -t NAME");
    const transfer::JoinOptions options = join_options();
    const Places sources = open(index_sources());
    const transfer::JoinedImages joined = transfer::join_images(sources, options, signals_.token());
    if (flags_.dry_run) {
      print(joined.index.raw + "\n");
      return 0;
    }
    transfer::put_index(joined, sources, open(flags_.targets), options, signals_.token());
    print(joined.index.descriptor().digest.str() + "\n");
    return 0;
  }

  const ImageFlags& flags_;
  Signals signals_;
  std::shared_ptr<registry::Client> client_;
  CopyProgress progress_;
};

constexpr const char* kNameHelp = "HOST/REPOSITORY:TAG, …@DIGEST, or oci-layout://DIRECTORY[:TAG|@DIGEST]";

}  // namespace

void add_image_flags(Command command, ImageFlags& flags) {
  using Action = ImageFlags::Action;
  command.require_command();
  auto add = [&](const char* name, const char* what, Action action) {
    Command added = command.add_command(name, what);
    added.on_chosen([&flags, action] { flags.action = action; });
    add_registry_flags(added, flags.registry);
    return added;
  };
  Command inspect = add("inspect", "show what a name means, without pulling it", Action::kInspect);
  inspect.add_positional("name", flags.name, kNameHelp).required().type_name("IMAGE");
  inspect.add_option("--platform", flags.platforms, "of an index the image for os/arch[/variant]");
  inspect.add_flag("--raw", flags.raw, "the manifest or index as it is");
  inspect.add_flag("--config", flags.config, "the image's config as it is");
  inspect.add_flag("--json", flags.json, "all of it as JSON");
  inspect.add_flag("--referrers", flags.referrers, "list what refers to it: signatures, SBOMs");

  Command copy = add("copy", "copy an image, with all platforms, as it is", Action::kCopy);
  copy.add_positional("source", flags.name, kNameHelp).required().type_name("SOURCE");
  copy.add_positional("target", flags.targets, "the same; several are written one after another")
      .required()
      .type_name("TARGET");
  copy.add_option("--platform", flags.platforms, "of an index only these, os/arch[/variant]").delimiter(',');
  copy.add_flag("--referrers", flags.referrers, "bring along what refers to it: signatures, SBOMs");
  copy.add_flag("-q,--quiet", flags.quiet, "print the digest only");

  Command index = add("index", "join images of several platforms under one name", Action::kIndex);
  index.add_positional("sources", flags.sources, kNameHelp).required().type_name("IMAGE");
  index.add_option("-t,--tag", flags.targets, "name of the index; repeatable");
  index.add_option("--annotation", flags.annotations, "[index:]KEY=VALUE on the index");
  index.add_flag("--append", flags.append, "add to what the name has already");
  index.add_flag("--dry-run", flags.dry_run, "print the index and write nothing");
  index.add_flag("-q,--quiet", flags.quiet, "print the digest only");
}

std::map<std::string, std::string> index_annotations(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> annotations;
  for (const std::string& text : texts) {
    for (const image::Annotation& annotation : parse_annotation(text)) {
      if (annotation.place != image::AnnotationPlace::kIndex &&
          annotation.place != image::AnnotationPlace::kManifest) {
        throw base::Error(base::ErrorKind::kUnsupported,
                          fmt::format("--annotation '{}' is not of the index", text))
            .hint("write index:KEY=VALUE: images are joined as they are");
      }
      annotations[annotation.key] = annotation.value;
    }
  }
  return annotations;
}

int run_image_command(const ImageFlags& flags, const Environment& environment) {
  ImageCommand command(flags, environment);
  try {
    return command.run();
  } catch (const base::Error&) {
    if (command.stop_signal() != 0) return 128 + command.stop_signal();
    throw;
  }
}

}  // namespace cooper::cli
