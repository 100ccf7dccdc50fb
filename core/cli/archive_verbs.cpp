#include "cli/archive_verbs.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "build/unpack_image.h"
#include "cli/session.h"
#include "cli/store_command.h"
#include "exporter/destination.h"
#include "os/fd.h"
#include "transfer/find_image.h"
#include "transfer/load_archive.h"
#include "transfer/save_archive.h"

namespace cooper::cli {

namespace {

struct ArchiveFlags {
  std::vector<std::string> images;  // save
  std::string image;                // unpack
  std::string directory;            // unpack
  std::string file;                 // save: --output, load: --input
  std::string format = "docker-archive";
  std::string platform;
  std::string name;  // load
  std::string store;
  bool quiet = false;
};

std::optional<oci::Platform> requested_platform(const ArchiveFlags& flags) {
  return flags.platform.empty() ? std::nullopt : std::optional(oci::parse_platform(flags.platform));
}

transfer::ArchiveForm requested_form(const std::string& format) {
  if (format == "docker-archive" || format == "docker") return transfer::ArchiveForm::kDocker;
  if (format == "oci-archive" || format == "oci") return transfer::ArchiveForm::kOci;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("unknown --format '{}'", format))
      .hint("use docker-archive or oci-archive");
}

int save(const ArchiveFlags& flags, const Environment& environment, const std::stop_token& stop) {
  transfer::SaveOptions options;
  options.form = requested_form(flags.format);
  options.platform = requested_platform(flags);
  const bool to_output = flags.file.empty() || flags.file == "-";
  if (to_output && ::isatty(STDOUT_FILENO) == 1) {
    throw base::Error(base::ErrorKind::kUsage, "an archive is nothing to see at a terminal")
        .hint("write it to a file with -o FILE, or into a pipe");
  }
  const std::shared_ptr<store::Store> store = open_store(flags.store, environment);
  for (const std::string& image : flags.images) transfer::require_image(*store, image);
  exporter::Destination destination;
  if (to_output) {
    destination.fd = STDOUT_FILENO;
  } else {
    destination.path = flags.file;
  }
  const std::unique_ptr<base::ByteSink> out = exporter::open_destination(destination);
  transfer::save_archive(store, flags.images, options, *out, stop);
  return 0;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

int load(const ArchiveFlags& flags, const Environment& environment, const std::stop_token& stop) {
  const bool from_input = flags.file.empty() || flags.file == "-";
  if (from_input && ::isatty(STDIN_FILENO) == 1) {
    throw base::Error(base::ErrorKind::kUsage, "there is nothing on standard input to load")
        .hint("give an archive with -i FILE, or pipe it in");
  }
  transfer::LoadOptions options;
  options.what = from_input ? "standard input" : flags.file;
  if (!flags.name.empty()) options.name = transfer::canonical_name(flags.name);
  os::Fd file;
  if (!from_input && !is_directory(flags.file)) file = os::open_file(flags.file, O_RDONLY);
  const std::shared_ptr<store::Store> store = open_store(flags.store, environment);
  os::FdSource in(from_input ? STDIN_FILENO : file.get(), options.what);
  const std::vector<transfer::LoadedImage> loaded =
      !from_input && !file.valid() ? transfer::load_directory(store, flags.file, options, stop)
                                   : transfer::load_archive(store, in, options, stop);
  for (const transfer::LoadedImage& image : loaded) {
    if (flags.quiet) continue;
    const bool is_named = !image.name.empty();
    const std::string shown = is_named ? transfer::familiar_name({image.name, {}}) : image.digest.str();
    print(fmt::format("Loaded image{}: {}\n", is_named ? "" : " ID", shown));
  }
  return 0;
}

// What a build would tell; here only warnings are worth a line.
class WarningSink final : public base::EventSink {
 public:
  void emit(base::Event event) override {
    if (event.kind == base::Event::Kind::kWarning) warn(event.text);
  }
};

int unpack(const ArchiveFlags& flags, const Environment& environment) {
  build::UnpackRequest request;
  request.image = flags.image;
  request.platform = requested_platform(flags);
  request.directory = flags.directory;
  request.keep_owners = ::geteuid() == 0;  // in the session everybody may look like root
  Session session(environment, flags.store.empty() ? environment.default_store() : flags.store, "auto");
  try {
    WarningSink warnings;
    build::Toolbox tools = session.open_tools({}, warnings);
    std::fprintf(stderr, "%s\n", build::unpack_image(request, tools, session.stop()).c_str());
  } catch (const base::Error&) {
    if (session.stop_signal() != 0) return 128 + session.stop_signal();
    throw;
  }
  return 0;
}

}  // namespace

Verb add_save_verb(Command program) {
  auto flags = std::make_shared<ArchiveFlags>();
  Command command = program.add_command("save", "write images of the store to one archive");
  command.add_positional("images", flags->images, "names, or beginnings of digests")
      .required()
      .type_name("IMAGE");
  command.add_option("-o,--output", flags->file, "the file (default: standard output)");
  command.add_option("--format", flags->format,
                     "docker-archive, for 'docker load' and all others, or oci-archive, with all platforms");
  command.add_option("--platform", flags->platform, "of an index only this image, os/arch[/variant]");
  add_store_flag(command, flags->store);
  return {
      command, [flags](const Environment& environment) {
        return run_stoppable([&](const std::stop_token& stop) { return save(*flags, environment, stop); });
      }};
}

Verb add_load_verb(Command program) {
  auto flags = std::make_shared<ArchiveFlags>();
  Command command = program.add_command(
      "load", "bring images of an archive into the store: docker's or OCI's, or a layout's directory");
  command.add_option("-i,--input", flags->file, "the file or directory (default: standard input)");
  command.add_option("-t,--tag", flags->name, "name for an image that has none in the archive");
  command.add_flag("-q,--quiet", flags->quiet, "do not say what was loaded");
  add_store_flag(command, flags->store);
  return {
      command, [flags](const Environment& environment) {
        return run_stoppable([&](const std::stop_token& stop) { return load(*flags, environment, stop); });
      }};
}

Verb add_unpack_verb(Command program) {
  auto flags = std::make_shared<ArchiveFlags>();
  Command command = program.add_command(
      "unpack",
      "write the root file system of an image into an empty directory; root gets the image's owners");
  command.add_positional("image", flags->image, "a name, or the beginning of a digest")
      .required()
      .type_name("IMAGE");
  command.add_positional("directory", flags->directory, "where to; made when missing")
      .required()
      .type_name("DIR");
  command.add_option("--platform", flags->platform, "of an index this image (default: this machine's)");
  add_store_flag(command, flags->store);
  return {command, [flags](const Environment& environment) { return unpack(*flags, environment); }};
}

}  // namespace cooper::cli
