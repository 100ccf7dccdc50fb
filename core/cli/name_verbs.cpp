#include "cli/name_verbs.h"

#include <fmt/format.h>
#include <memory>

#include "base/error.h"
#include "cli/images_table.h"
#include "cli/store_command.h"
#include "os/file_time.h"
#include "store/image_blobs.h"
#include "store/image_names.h"
#include "transfer/find_image.h"

namespace cooper::cli {

namespace {

struct ImagesFlags {
  ImagesView view;
  std::string store;
};

struct NameFlags {
  std::string source;              // tag
  std::vector<std::string> names;  // tag: new ones; rmi: those to take away
  std::string store;
  bool force = false;
};

int tag(const NameFlags& flags, const Environment& environment) {
  const std::shared_ptr<store::Store> store = open_store(flags.store, environment);
  const store::NamedImage image = transfer::require_image(*store, flags.source);
  if (!store::blobs_of(*store, image.target).missing.empty()) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("image '{}' is not whole any more", flags.source))
        .hint("pull, load or build it again");
  }
  for (const std::string& name : flags.names)
    store::ImageNames(*store).set(transfer::canonical_name(name), image.target);
  return 0;
}

// By digest: all names of the image, and the entry itself.
void forget(const store::Store& store, const std::string& text) {
  const store::ImageNames names(store);
  const store::NamedImage image = transfer::require_image(store, text);
  const bool by_name =
      !image.name.empty() && !text.starts_with("sha256:") && image.name == transfer::canonical_name(text);
  if (by_name) {
    names.remove(image.name);
    print("untagged: " + transfer::familiar_name(image) + "\n");
    return;
  }
  for (const store::NamedImage& dropped :
       names.drop([&](const store::NamedImage& one) { return one.target.digest == image.target.digest; })) {
    print("untagged: " + transfer::familiar_name(dropped) + "\n");
  }
}

int rmi(const NameFlags& flags, const Environment& environment) {
  const std::shared_ptr<store::Store> store = open_store(flags.store, environment);
  for (const std::string& name : flags.names) {
    if (flags.force && !transfer::find_image(*store, name)) continue;
    forget(*store, name);
  }
  return 0;
}

}  // namespace

Verb add_images_verb(Command program) {
  auto flags = std::make_shared<ImagesFlags>();
  Command command = program.add_command("images", "list the images of the store");
  ImagesView& view = flags->view;
  command.add_positional("name", view.name, "only these: REPOSITORY[:TAG], also with * and ?")
      .type_name("NAME");
  command.add_flag("-a,--all", view.all, "also images that lost their names");
  command.add_flag("--digests", view.digests, "show digests");
  command.add_flag("--no-trunc", view.no_trunc, "show ids in full");
  command.add_flag("-q,--quiet", view.quiet, "ids only");
  command.add_option("--format", view.format,
                     "table, json (an object a line), or a Go template such as {{.ID}}");
  command.add_option("-f,--filter", view.filters, "reference=PATTERN, dangling=true|false");
  add_store_flag(command, flags->store);
  return {command, [flags](const Environment& environment) {
            const std::shared_ptr<store::Store> store = open_store(flags->store, environment);
            print(render_images(transfer::list_images(*store), flags->view, os::now()));
            return 0;
          }};
}

Verb add_tag_verb(Command program) {
  auto flags = std::make_shared<NameFlags>();
  Command command = program.add_command("tag", "give an image of the store another name");
  command.add_positional("source", flags->source, "a name, or the beginning of a digest")
      .required()
      .type_name("IMAGE");
  command.add_positional("names", flags->names, "HOST/REPOSITORY:TAG; repeatable")
      .required()
      .type_name("NAME");
  add_store_flag(command, flags->store);
  return {command, [flags](const Environment& environment) { return tag(*flags, environment); }};
}

Verb add_rmi_verb(Command program) {
  auto flags = std::make_shared<NameFlags>();
  Command command = program.add_command("rmi",
                                        "take names away; what they named is cache from then on, which goes\n"
                                        "with 'cooper prune', or when the store is above its limit");
  command
      .add_positional("names", flags->names, "a name, or the beginning of a digest for all names of an image")
      .required()
      .type_name("IMAGE");
  command.add_flag("-f,--force", flags->force, "images that are not there are no error");
  add_store_flag(command, flags->store);
  return {command, [flags](const Environment& environment) { return rmi(*flags, environment); }};
}

}  // namespace cooper::cli
