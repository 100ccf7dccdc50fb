#include "build/frontend_input.h"

#include <fmt/format.h>

#include "base/error.h"
#include "dockerfile/quote.h"
#include "dockerfile/syntax.h"

namespace cooper::build {
namespace {

graph::Exec::Network network_named(const std::string& name) {
  if (name == "default") return graph::Exec::Network::kDefault;
  if (name == "host") return graph::Exec::Network::kHost;
  if (name == "none") return graph::Exec::Network::kNone;
  throw base::Error(base::ErrorKind::kUsage, "unknown --network '" + name + "'")
      .hint("choose default, host or none");
}

}  // namespace

std::vector<oci::Platform> target_platforms(const BuildRequest& request) {
  if (!request.platforms.empty()) return request.platforms;
  return {oci::host_platform()};
}

bool is_multi_platform(const BuildRequest& request) {
  auto given = request.build_args.find("BUILDKIT_MULTI_PLATFORM");
  bool asked = false;
  if (given != request.build_args.end() && !dockerfile::parse_bool(given->second, asked)) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("BUILDKIT_MULTI_PLATFORM '{}' is neither true nor false", given->second));
  }
  return asked || request.platforms.size() > 1;
}

dockerfile::FrontendInput frontend_input(const BuildRequest& request, const OpenedContext& context,
                                         const oci::Platform& platform) {
  dockerfile::FrontendInput input;
  input.build_args = request.build_args;
  input.labels = request.labels;
  input.target = request.target;
  input.build_platform = oci::host_platform();
  if (!request.platforms.empty()) input.target_platform = platform;
  input.multi_platform = is_multi_platform(request);
  input.named_contexts = context.named;
  input.ignore_patterns = context.ignore_patterns;
  input.is_ignored = context.is_ignored;
  input.network = network_named(request.network);
  input.shm_size = request.shm_size;
  input.ulimits = request.ulimits;
  input.cgroup_parent = request.cgroup_parent;
  input.extra_hosts = request.extra_hosts;
  input.ignore_cache = request.no_cache;
  input.ignore_cache_stages = request.no_cache_stages;
  input.source_date_epoch = request.epoch;
  if (!request.check.empty()) input.check = request.check;
  return input;
}

void accept_frontend(const BuildRequest& request, const OpenedContext& context, base::EventSink& events) {
  dockerfile::Source source{context.dockerfile_name, context.dockerfile_text};
  std::string reference = dockerfile::accept_frontend(source, request.build_args);
  if (reference.empty()) return;
  base::Event note;
  note.text = fmt::format("syntax '{}' is answered by the built-in frontend (Dockerfile {})", reference,
                          dockerfile::kFrontendVersion);
  events.emit(std::move(note));
}

}  // namespace cooper::build
