#include "cli/build_flags.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "oci/reference.h"

namespace cooper::cli {
namespace {

using base::Error;
using base::ErrorKind;

using KeyValue = std::pair<std::string, std::string>;

// Of equal keys the last wins, as with docker.
void set(std::map<std::string, std::string>& values, KeyValue pair) {
  values.insert_or_assign(std::move(pair.first), std::move(pair.second));
}

// "NAME=value", or "NAME" for the value that the environment has; a name that it does not have is left out,
// as with docker.
void add_build_arg(const std::string& text, const Environment& environment, build::BuildRequest& request) {
  if (text.find('=') != std::string::npos) {
    set(request.build_args, parse_key_value(text, "--build-arg"));
  } else if (auto value = environment.find(text)) {
    request.build_args.insert_or_assign(text, *value);
  }
}

// Without a source it is the variable of that name, else the file of that name.
void add_secret(const SecretFlag& flag, const Environment& environment, build::BuildRequest& request) {
  if (flag.id.empty()) throw Error(ErrorKind::kUsage, "--secret has no id").hint("write id=NAME,src=FILE");
  build::SecretSource secret;
  secret.id = flag.id;
  secret.file = flag.file;
  std::string variable = flag.variable;
  if (variable.empty() && secret.file.empty()) {
    if (environment.find(flag.id)) {
      variable = flag.id;
    } else if (::access(flag.id.c_str(), R_OK) == 0) {
      secret.file = flag.id;
    } else {
      throw Error(ErrorKind::kUsage,
                  fmt::format("--secret id={}: there is neither a variable nor a file of this name", flag.id))
          .hint("write id=NAME,src=FILE or id=NAME,env=VARIABLE");
    }
  }
  if (!variable.empty()) {
    secret.value = environment.find(variable);
    if (!secret.value) {
      throw Error(ErrorKind::kUsage,
                  fmt::format("--secret id={}: the environment has no '{}'", secret.id, variable));
    }
  }
  request.secrets.push_back(std::move(secret));
}

bool is_socket(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

// Without a path the agent that the environment has, else one socket or the files of keys.
void add_ssh(const SshFlag& flag, const Environment& environment, build::BuildRequest& request) {
  std::string id = flag.id.empty() ? "default" : flag.id;
  std::vector<std::string> paths = flag.paths;
  if (paths.empty() || (paths.size() == 1 && paths.front().empty()))
    paths = {environment.get("SSH_AUTH_SOCK")};
  if (paths.front().empty()) {
    throw Error(ErrorKind::kUsage, fmt::format("--ssh {}: there is no agent", id))
        .hint("start one and set SSH_AUTH_SOCK, or give a key file");
  }
  if (paths.size() == 1 && is_socket(paths.front())) {
    request.ssh_sockets[id] = paths.front();
    return;
  }
  for (const std::string& path : paths) {
    if (::access(path.c_str(), R_OK) == 0 && !is_socket(path)) continue;
    throw Error(ErrorKind::kUsage, is_socket(path)
                                       ? fmt::format("--ssh {}: '{}' is a socket among keys", id, path)
                                       : fmt::format("--ssh {}: cannot read the key '{}'", id, path))
        .hint("give one agent's socket, or the files of private keys");
  }
  request.ssh_keys[id] = std::move(paths);
}

void add_allowed(const std::string& entitlement, build::BuildRequest& request) {
  if (entitlement.starts_with("device")) {
    throw Error(ErrorKind::kUnsupported,
                fmt::format("--allow {}: no device is passed to build steps", entitlement))
        .hint("remove the flag, and --device in the Dockerfile");
  }
  request.allow.insert(entitlement);
}

void add_outputs(const BuildFlags& flags, build::BuildRequest& request) {
  for (const std::string& text : flags.outputs) {
    if (auto output = parse_output(text)) request.outputs.push_back(std::move(*output));
  }
  // A call builds nothing: --check can stand before the flags that the build will have.
  const bool is_build = !requested_call(flags);
  const bool goes_nowhere = !flags.push && request.outputs.empty();
  if (is_build && (flags.load || (flags.keep_named && goes_nowhere && !flags.tags.empty())))
    request.outputs.push_back({"image", {{"store", "true"}}});
  if (!flags.push) return;
  for (build::Output& output : request.outputs) {
    if (output.type == "image" || output.type == "registry") {
      output.attributes["push"] = "true";
      return;
    }
  }
  request.outputs.push_back({"registry", {}});
}

void add_epoch(const BuildFlags& flags, const Environment& environment, build::BuildRequest& request) {
  if (!flags.source_date_epoch.empty()) {
    request.epoch = parse_number(flags.source_date_epoch, "--source-date-epoch");
  } else if (auto value = environment.find("SOURCE_DATE_EPOCH"); value && !value->empty()) {
    parse_number(*value, "SOURCE_DATE_EPOCH");
    request.build_args.try_emplace("SOURCE_DATE_EPOCH", *value);
  }
  // An empty build argument is how buildx users ask for no epoch at all.
  auto argument = request.build_args.find("SOURCE_DATE_EPOCH");
  if (argument != request.build_args.end() && argument->second.empty()) request.epoch_from_git = false;
}

constexpr const char* kExamples = R"(Examples:
  cooper build -t registry.example.com/app:1.0 --push .
  cooper build -f docker/Dockerfile -o type=local,dest=out .
  git archive HEAD | cooper build -o type=oci,dest=app.tar -
  cooper build --push -t registry.example.com/app https://example.com/app-1.0.tar.gz
  cooper build --build-context base=oci-layout://base-image:1.0 -o out .)";

// What is built, and from what.
void add_source_flags(Command command, BuildFlags& flags) {
  command.footer(kExamples);
  command
      .add_positional(
          "context", flags.context,
          "what the Dockerfile copies from: a directory, a tar file, - (a tar or a Dockerfile on\n"
          "standard input), http(s)://… (a tar or a Dockerfile), a git URL with #REF:DIRECTORY,\n"
          "docker-image://NAME, oci-layout://DIRECTORY[:TAG|@DIGEST]")
      .required()
      .type_name("PATH|URL|-");
  command.add_option(
      "-f,--file", flags.file,
      "the Dockerfile: a path, - or a URL (default: the context's Dockerfile); relative to the\n"
      "working directory with a directory, else to the context");
  command.add_option("-t,--tag", flags.tags, "name of the image, host/repository:tag; repeatable");
  command.add_option("--target", flags.target, "the stage to build");
  command.add_option("--platform", flags.platforms, "target platforms, os/arch[/variant]").delimiter(',');
  command.add_option("--build-arg", flags.build_args, "NAME=VALUE, or NAME from the environment");
  command.add_option("--build-context", flags.build_contexts,
                     "NAME=CONTEXT, instead of the stage or image of that name: a directory, a tar file,\n"
                     "http(s)://…, a git URL, docker-image://…, oci-layout://…");
  command.add_option("--label", flags.labels, "KEY=VALUE");
  command.add_option("--annotation", flags.annotations,
                     "KEY=VALUE on the manifest, or index,manifest[PLATFORM]:KEY=VALUE");
  command.add_option("--call", flags.call,
                     "check, outline, targets[,format=json]: say something, build nothing");
  command.add_flag("--check", flags.check, "look for mistakes in the Dockerfile; short for --call=check");
  command.add_flag("--pull", flags.pull, "always ask the registry for bases (cooper always does)");
}

// What becomes of it, and what is said of it.
void add_result_flags(Command command, BuildFlags& flags) {
  command.add_option("-o,--output", flags.outputs, "type=registry|oci|docker|local|tar,…");
  command.add_flag("--push", flags.push, "push to the registry, short for -o type=registry");
  command.add_flag("--no-push-check", flags.no_push_check,
                   "do not ask the registry before the build whether it will take the image");
  command.add_flag("--load", flags.load, "keep the image in the store, under its names");
  command.add_option("--iidfile", flags.iid_file, "write the image id to this file");
  command.add_option("--metadata-file", flags.metadata_file, "write digests to this file, as JSON");
  command.add_option("--trace", flags.trace_file, "write where the time went, in Chrome's trace format")
      .type_name("FILE");
  command.add_option("--result-file", flags.result_file,
                     "write what became of every step, and why it ran, to this file, as JSON");
  command.add_option("--source-date-epoch", flags.source_date_epoch,
                     "seconds; newest time in the image (default: the commit's)");
  add_attestation_flags(command, flags.attestations);
}

void add_cache_place_flags(Command command, BuildFlags& flags) {
  command.add_flag("--no-cache", flags.no_cache, "run every step");
  command.add_option("--no-cache-filter", flags.no_cache_filter, "stages to run without the cache")
      .delimiter(',');
  command.add_option(
      "--cache-from", flags.cache_from,
      "where to look for results of steps: type=registry,ref=HOST/NAME, type=local,src=DIRECTORY,\n"
      "type=s3|gcs|azblob,…, with scope=…, ttl=…; or an image's name");
  command.add_option(
      "--cache-to", flags.cache_to,
      "where to write them: type=registry,ref=HOST/NAME, type=local,dest=DIRECTORY, type=inline,\n"
      "type=s3|gcs|azblob,…, with mode=min|max, scope=…, ignore-error=…");
  command.add_option(
      "--cache-mounts", flags.cache_mounts,
      "persist[=ID,…]: keep cache mounts of RUN in these caches, too; and max-size=2g, max-age=14d\n"
      "(default: as long as the store)");
  command.add_flag("--explain", flags.explain, "say why each step was not answered from the cache");
}

// What RUN may have and use.
void add_step_flags(Command command, BuildFlags& flags) {
  command.add_option("--secret", flags.secrets, "id=NAME,src=FILE or id=NAME,env=VARIABLE");
  command.add_option("--ssh", flags.ssh, "default, ID=SOCKET or ID=KEYFILE,…");
  command.add_option("--allow", flags.allow, "what RUN may ask for: security.insecure, network.host");
  command.add_option("--network", flags.network, "for RUN: default, host, none");
  command.add_option("--add-host", flags.add_hosts, "NAME:ADDRESS");
  command.add_option("--ulimit", flags.ulimits, "NAME=SOFT[:HARD]");
  command.add_option("--shm-size", flags.shm_size, "size of /dev/shm in RUN");
  command.add_option("--cgroup-parent", flags.cgroup_parent, "control group that RUN's own is made below");
}

void add_machine_flags(Command command, BuildFlags& flags) {
  command.add_option("--progress", flags.progress, "auto, plain, tty, rawjson, quiet");
  command.add_flag("-q,--quiet", flags.quiet, "print the image id only");
  command.add_option("--store", flags.store, "directory for layers and cache (default: ~/.cache/cooper)");
  command.add_option(
      "--store-limit", flags.store_limit,
      "most that the store may hold after the build, 0 for all (default: 20 GB, 20% of the disk)");
  command.add_option(
      "--isolation", flags.isolation,
      "how RUN is isolated: auto, privileged, userns, userns-single, emulated-root, emulated, none");
  command.add_option("--parallel", flags.parallel, "RUN steps at once (default: by the machine)");
}

}  // namespace

void add_build_flags(Command command, BuildFlags& flags) {
  add_source_flags(command, flags);
  add_result_flags(command, flags);
  add_cache_place_flags(command, flags);
  add_step_flags(command, flags);
  add_registry_flags(command, flags.registry);
  add_machine_flags(command, flags);
}

std::optional<CallFlag> requested_call(const BuildFlags& flags) {
  std::optional<CallFlag> call = parse_call(flags.call);
  if (!flags.check) return call;
  if (flags.call.empty()) return CallFlag{"lint", "", false};
  if (call && call->name == "lint") return call;
  throw Error(ErrorKind::kUsage, fmt::format("--check and --call '{}' contradict each other", flags.call))
      .hint("give one of them");
}

build::BuildRequest make_request(const BuildFlags& flags, const Environment& environment) {
  refuse_attestations(flags.attestations);
  build::BuildRequest request;
  request.context = flags.context;
  request.dockerfile = flags.file;
  request.hidden_files = flags.hidden_files;
  request.context_form = flags.context_form;
  request.shape = flags.shape;
  request.further_targets = flags.further_targets;
  request.verify_git = flags.verify_git;
  request.target = flags.target;
  for (const std::string& text : flags.tags) request.tags.push_back(oci::Reference::parse(text).str());
  for (const std::string& text : flags.build_args) add_build_arg(text, environment, request);
  for (const std::string& text : flags.build_contexts) set(request.named_contexts, parse_build_context(text));
  for (const std::string& text : flags.labels) {
    // "--label key" without a value is an empty label, as with docker.
    set(request.labels,
        text.find('=') == std::string::npos ? KeyValue(text, "") : parse_key_value(text, "--label"));
  }
  for (const std::string& text : flags.annotations) {
    for (image::Annotation& annotation : parse_annotation(text))
      request.annotations.push_back(std::move(annotation));
  }
  for (const std::string& text : flags.platforms) request.platforms.push_back(oci::parse_platform(text));
  for (const std::string& text : flags.secrets) {
    if (auto secret = parse_secret(text)) add_secret(*secret, environment, request);
  }
  for (const std::string& text : flags.ssh) {
    if (auto ssh = parse_ssh(text)) add_ssh(*ssh, environment, request);
  }
  for (const std::string& text : flags.allow) {
    if (auto entitlement = parse_allow(text)) add_allowed(*entitlement, request);
  }
  // ssh itself looks only into the home directory that the system knows, which in CI is often another one.
  request.known_hosts = environment.home() + "/.ssh/known_hosts";
  request.extra_hosts = flags.add_hosts;
  request.ulimits = flags.ulimits;
  for (const std::string& text : flags.cache_from) {
    if (auto place = parse_cache_place(text, "--cache-from")) request.cache_from.push_back(std::move(*place));
  }
  for (const std::string& text : flags.cache_to) {
    if (auto place = parse_cache_place(text, "--cache-to")) request.cache_to.push_back(std::move(*place));
  }
  request.cache_mounts = parse_cache_mounts(flags.cache_mounts);
  request.no_cache = flags.no_cache;
  request.no_cache_stages = flags.no_cache_filter;
  request.network = flags.network;
  if (!flags.shm_size.empty()) request.shm_size = parse_bytes(flags.shm_size, "--shm-size");
  request.cgroup_parent = flags.cgroup_parent;
  request.check_push = !flags.no_push_check;
  request.iid_file = flags.iid_file;
  request.metadata_file = flags.metadata_file;
  request.max_parallelism = flags.parallel;
  add_outputs(flags, request);
  add_epoch(flags, environment, request);
  return request;
}

}  // namespace cooper::cli
