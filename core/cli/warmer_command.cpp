#include "cli/warmer_command.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/kaniko_arguments.h"
#include "cli/kaniko_flags.h"
#include "cli/kaniko_front.h"
#include "cli/kaniko_help.h"
#include "cli/kaniko_job.h"
#include "cli/network.h"
#include "cli/signals.h"
#include "dockerfile/frontend.h"
#include "net/redact.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/file_lock.h"
#include "transfer/copy.h"
#include "transfer/layout_place.h"
#include "transfer/registry_place.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kDockerfileLimit = 16 << 20;
constexpr int kEveryImageFailed = 1;

using WantedImage = std::pair<std::string, oci::Platform>;

std::string fetch_dockerfile(const Network& network, const std::string& url, const std::stop_token& stop) {
  net::Request request;
  request.url = url;
  const net::Response response = net::send_with_retry(
      {}, [&] { return network.http->send(request, stop, kDockerfileLimit); }, print_kaniko_warning, stop);
  if (response.status == 200) return response.body;
  throw Error(ErrorKind::kContext,
              fmt::format("Dockerfile '{}': the server answered {}", net::redact_url(url), response.status));
}

class Warmer {
 public:
  Warmer(const KanikoSettings& settings, const Environment& environment)
      : settings_(settings),
        environment_(kaniko_environment(settings, environment)),
        network_(
            open_network(environment_, kaniko_registry(settings, environment_, {}), print_kaniko_warning)),
        client_(network_.client()) {}

  int run() {
    const std::vector<WantedImage> images = wanted();
    if (images.empty()) {
      throw Error(ErrorKind::kUsage, "there is nothing to fetch")
          .hint("add --image=NAME, or --dockerfile=PATH with a FROM that is no scratch");
    }
    os::make_directories(settings_.cache_directory);
    // One writer at a time; builds that read it see whole blobs only.
    const os::FileLock lock = os::FileLock::acquire(settings_.cache_directory + "/.cooper-warmer.lock",
                                                    os::LockMode::kExclusive, signals_.token());
    std::size_t failed = 0;
    for (const WantedImage& image : images) failed += warm(image) ? 0 : 1;
    if (signals_.last() != 0) return 128 + signals_.last();
    return failed == images.size() ? kEveryImageFailed : 0;
  }

 private:
  oci::Platform platform() const {
    return settings_.platform.empty() ? oci::host_platform() : oci::parse_platform(settings_.platform);
  }

  std::vector<WantedImage> wanted() const {
    std::vector<WantedImage> images;
    for (const std::string& name : settings_.images) images.emplace_back(name, platform());
    const std::string& place = settings_.dockerfile;
    if (place.empty()) return images;
    const bool is_url = place.starts_with("https://") || place.starts_with("http://");
    const std::string text =
        is_url ? fetch_dockerfile(network_, place, signals_.token()) : os::read_file(place, kDockerfileLimit);
    std::vector<std::string> arguments;
    for (const std::string& argument : settings_.build_args) {
      const bool has_value = argument.find('=') != std::string::npos;
      arguments.push_back(has_value ? argument : argument + "=" + environment_.get(argument));
    }
    for (WantedImage& image : images_of_all_stages(text, place, arguments, platform()))
      images.push_back(std::move(image));
    return images;
  }

  bool warm(const WantedImage& image) {
    try {
      const oci::Reference name = oci::Reference::parse(image.first);
      transfer::RegistryPlace source(name, client_);
      transfer::LayoutPlace target({settings_.cache_directory, name.str(), std::nullopt});
      transfer::CopyOptions options;
      options.platforms = {image.second};
      const transfer::CopyResult done = transfer::copy_image(source, target, options, signals_.token());
      std::fprintf(stderr, "%s is there: %zu of %zu blobs fetched, %s\n", image.first.c_str(), done.sent,
                   done.blobs, base::human_size(done.sent_bytes).c_str());
      return true;
    } catch (const Error& error) {
      print_kaniko_warning(fmt::format("cannot warm '{}': {}", image.first, error.summary()));
      return false;
    }
  }

  const KanikoSettings& settings_;
  const Environment environment_;
  Signals signals_;  // before what has threads
  Network network_;
  std::shared_ptr<registry::Client> client_;
};

}  // namespace

std::vector<WantedImage> images_of_all_stages(const std::string& dockerfile, const std::string& name,
                                              const std::vector<std::string>& build_args,
                                              const oci::Platform& platform) {
  dockerfile::FrontendInput input;
  input.build_platform = oci::host_platform();
  input.target_platform = platform;
  for (const std::string& argument : build_args) {
    const std::size_t equals = argument.find('=');
    input.build_args[argument.substr(0, equals)] =
        equals == std::string::npos ? "" : argument.substr(equals + 1);
  }
  const dockerfile::Plan plan = dockerfile::resolve(dockerfile::parse(dockerfile, name), input);
  std::vector<WantedImage> images;
  for (const dockerfile::PlanStage& stage : plan.stages) {
    if (stage.is_scratch() || stage.base != dockerfile::kNoStage) continue;
    WantedImage image(stage.header.base, stage.platform.value_or(platform));
    if (std::find(images.begin(), images.end(), image) == images.end()) images.push_back(std::move(image));
  }
  return images;
}

int run_warmer_command(const std::vector<std::string>& arguments, const Environment& environment) {
  return run_as_kaniko([&] {
    const KanikoArguments parsed = parse_kaniko_arguments(arguments, warmer_flags(), environment);
    if (parsed.wants_help) {
      std::fputs(kaniko_help(warmer_flags()).c_str(), stdout);
      return 0;
    }
    if (!parsed.words.empty()) {
      throw Error(ErrorKind::kUsage, fmt::format("'{}' is no flag", parsed.words.front()))
          .hint("name images with --image");
    }
    if (std::string note = note_without_meaning(parsed.settings, environment); !note.empty())
      std::fprintf(stderr, "note: %s\n", note.c_str());
    return Warmer(parsed.settings, environment).run();
  });
}

}  // namespace cooper::cli
