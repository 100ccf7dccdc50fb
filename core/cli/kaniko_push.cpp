#include "cli/kaniko_push.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cli/kaniko_front.h"
#include "cli/kaniko_job.h"
#include "cli/network.h"
#include "cli/signals.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "transfer/copy.h"
#include "transfer/unpack_layout.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::vector<oci::Reference> parse_destinations(const std::vector<std::string>& texts) {
  std::vector<oci::Reference> destinations;
  for (const std::string& text : texts) destinations.push_back(oci::Reference::parse(text));
  if (!destinations.empty()) return destinations;
  throw Error(ErrorKind::kUsage, "push has no --destination").hint("add --destination=HOST/REPOSITORY:TAG");
}

std::vector<std::string> hosts_of(const std::vector<oci::Reference>& names) {
  std::vector<std::string> hosts;
  for (const oci::Reference& name : names) hosts.push_back(name.host);
  return hosts;
}

}  // namespace

int run_kaniko_push(const std::vector<std::string>& words, const KanikoSettings& settings,
                    const Environment& environment) {
  if (words.size() != 1) {
    throw Error(ErrorKind::kUsage, "push takes one image")
        .hint("write: push IMAGE.tar|DIRECTORY --destination=HOST/REPOSITORY:TAG");
  }
  const std::vector<oci::Reference> destinations = parse_destinations(settings.destinations);
  const Environment ours = kaniko_environment(settings, environment);
  const std::string store = kaniko_store(settings, ours);
  os::make_directories(store, 0700);
  const os::TempDir unpacked(store, "push-");
  const Signals signals;
  std::string layout = words.front();
  if (!is_directory(layout)) {
    os::FileSource tar(os::open_file(layout, O_RDONLY), layout);
    transfer::unpack_layout(tar, layout, unpacked.path(), signals.token());
    layout = unpacked.path();
  }
  const auto client =
      open_network(ours, kaniko_registry(settings, ours, hosts_of(destinations)), print_kaniko_warning)
          .client();
  const auto source = transfer::open_place("oci-layout://" + layout, client);
  for (const oci::Reference& destination : destinations) {
    const auto target = transfer::open_place(destination.str(), client);
    const transfer::CopyResult done = transfer::copy_image(*source, *target, {}, signals.token());
    std::printf("%s@%s\n", destination.name().c_str(), done.image.digest.str().c_str());
  }
  return 0;
}

}  // namespace cooper::cli
