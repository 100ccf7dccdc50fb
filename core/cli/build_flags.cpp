#include "cli/build_flags.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <fmt/format.h>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "cli/csv.h"
#include "oci/reference.h"

namespace cooper::cli {
namespace {

using base::Error;
using base::ErrorKind;

using KeyValue = std::pair<std::string, std::string>;

KeyValue key_value(const std::string& text, std::string_view flag) {
  std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(ErrorKind::kUsage, fmt::format("{} '{}' is not KEY=VALUE", flag, text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Of equal keys the last wins, as with docker.
void set(std::map<std::string, std::string>& values, KeyValue pair) {
  values.insert_or_assign(std::move(pair.first), std::move(pair.second));
}

// "NAME=value", or "NAME" for the value that the environment has; a name that it does not have is left out,
// as with docker.
void add_build_arg(const std::string& text, const Environment& environment, build::BuildRequest& request) {
  if (text.find('=') != std::string::npos) {
    set(request.build_args, key_value(text, "--build-arg"));
  } else if (auto value = environment.find(text)) {
    request.build_args.insert_or_assign(text, *value);
  }
}

build::Output parse_output(const std::string& text) {
  build::Output output;
  bool is_plain_path = text.find('=') == std::string::npos && text.find(',') == std::string::npos;
  if (is_plain_path) {
    output.type = text == "-" ? "tar" : "local";
    output.attributes["dest"] = text;
    return output;
  }
  for (const CsvPair& pair : csv_pairs(text, "--output")) {
    if (!pair.has_value) {
      throw Error(ErrorKind::kUsage, fmt::format("--output '{}': '{}' has no value", text, pair.key));
    }
    if (pair.key == "type") {
      output.type = pair.value;
    } else {
      output.attributes[pair.key] = pair.value;
    }
  }
  if (output.type.empty()) throw Error(ErrorKind::kUsage, fmt::format("--output '{}' has no type", text));
  return output;
}

build::SecretSource parse_secret(const std::string& text, const Environment& environment) {
  build::SecretSource secret;
  std::string variable;
  std::string type;
  for (const CsvPair& pair : csv_pairs(text, "--secret")) {
    if (pair.key == "id") {
      secret.id = pair.value;
    } else if (pair.key == "src" || pair.key == "source") {
      secret.file = pair.value;
    } else if (pair.key == "env") {
      variable = pair.value;
    } else if (pair.key == "type" && (pair.value == "file" || pair.value == "env")) {
      type = pair.value;
    } else {
      throw Error(ErrorKind::kUsage, fmt::format("--secret: unexpected '{}={}'", pair.key, pair.value))
          .hint("write id=NAME,src=FILE or id=NAME,env=VARIABLE");
    }
  }
  if (secret.id.empty()) throw Error(ErrorKind::kUsage, fmt::format("--secret '{}' has no id", text));
  if (type == "env" && variable.empty()) std::swap(variable, secret.file);
  if (variable.empty() && secret.file.empty()) variable = secret.id;
  if (!variable.empty()) {
    secret.value = environment.find(variable);
    if (!secret.value) {
      throw Error(ErrorKind::kUsage,
                  fmt::format("--secret id={}: the environment has no '{}'", secret.id, variable));
    }
  }
  return secret;
}

void add_ssh(const std::string& text, const Environment& environment, build::BuildRequest& request) {
  std::size_t equals = text.find('=');
  std::string id = text.substr(0, equals);
  std::string socket =
      equals == std::string::npos ? environment.get("SSH_AUTH_SOCK") : text.substr(equals + 1);
  if (socket.empty()) {
    throw Error(ErrorKind::kUsage, fmt::format("--ssh {}: there is no agent", text))
        .hint("start one and set SSH_AUTH_SOCK");
  }
  request.ssh_sockets[id.empty() ? "default" : id] = socket;
}

std::int64_t parse_number(const std::string& text, std::string_view flag) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  throw Error(ErrorKind::kUsage, fmt::format("{} '{}' is not a whole number", flag, text));
}

// "64m", "1g": binary units, as docker has them.
std::int64_t parse_bytes(const std::string& text, std::string_view flag) {
  std::string lower = base::to_lower(text);
  if (lower.ends_with('b')) lower.pop_back();
  std::int64_t unit = 1;
  std::size_t position = lower.empty() ? std::string::npos : std::string_view("kmgt").find(lower.back());
  if (position != std::string::npos) {
    unit = std::int64_t{1} << (10 * (position + 1));
    lower.pop_back();
  }
  std::int64_t count = parse_number(lower, flag);
  if (count >= 0 && count <= std::numeric_limits<std::int64_t>::max() / unit) return count * unit;
  throw Error(ErrorKind::kUsage, fmt::format("{} '{}' is no possible size", flag, text));
}

void add_outputs(const BuildFlags& flags, build::BuildRequest& request) {
  for (const std::string& text : flags.outputs) request.outputs.push_back(parse_output(text));
  if (flags.load) {
    throw Error(ErrorKind::kUnsupported, "--load needs a Docker daemon, and cooper talks to none")
        .hint("use -o type=docker,dest=- and pipe it into 'docker load'");
  }
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

}  // namespace

void add_build_flags(CLI::App& app, BuildFlags& flags) {
  app.add_option("context", flags.context, "directory with what the Dockerfile copies")
      ->required()
      ->type_name("PATH");
  app.add_option("-f,--file", flags.file, "the Dockerfile (default: PATH/Dockerfile)");
  app.add_option("-t,--tag", flags.tags, "name of the image, host/repository:tag; repeatable")
      ->allow_extra_args(false);
  app.add_option("--target", flags.target, "the stage to build");
  app.add_option("--platform", flags.platforms, "target platforms, os/arch[/variant]")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--build-arg", flags.build_args, "NAME=VALUE, or NAME from the environment")
      ->allow_extra_args(false);
  app.add_option("--build-context", flags.build_contexts, "NAME=directory or docker-image://…")
      ->allow_extra_args(false);
  app.add_option("--label", flags.labels, "KEY=VALUE")->allow_extra_args(false);
  app.add_option("--annotation", flags.annotations, "KEY=VALUE on the manifest")->allow_extra_args(false);
  app.add_option("-o,--output", flags.outputs, "type=registry|oci|docker|local|tar,…")
      ->allow_extra_args(false);
  app.add_flag("--push", flags.push, "push to the registry, short for -o type=registry");
  app.add_flag("--load", flags.load, "not offered: see -o type=docker");
  app.add_option("--secret", flags.secrets, "id=NAME,src=FILE or id=NAME,env=VARIABLE")
      ->allow_extra_args(false);
  app.add_option("--ssh", flags.ssh, "default or ID=SOCKET")->allow_extra_args(false);
  app.add_flag("--no-cache", flags.no_cache, "run every step");
  app.add_option("--no-cache-filter", flags.no_cache_filter, "stages to run without the cache")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--explain", flags.explain, "say why each step was not answered from the cache");
  app.add_flag("--pull", flags.pull, "always ask the registry for bases (cooper always does)");
  app.add_option("--network", flags.network, "for RUN: default, host, none");
  app.add_option("--add-host", flags.add_hosts, "NAME:ADDRESS")->allow_extra_args(false);
  app.add_option("--ulimit", flags.ulimits, "NAME=SOFT[:HARD]")->allow_extra_args(false);
  app.add_option("--shm-size", flags.shm_size, "size of /dev/shm in RUN");
  app.add_option("--iidfile", flags.iid_file, "write the image id to this file");
  app.add_option("--metadata-file", flags.metadata_file, "write digests to this file, as JSON");
  app.add_option("--source-date-epoch", flags.source_date_epoch,
                 "seconds; newest time in the image (default: the commit's)");
  app.add_option("--progress", flags.progress, "auto, plain, tty, rawjson, quiet");
  app.add_flag("-q,--quiet", flags.quiet, "print the image id only");
  app.add_option("--store", flags.store, "directory for layers and cache (default: ~/.cache/cooper)");
  app.add_option("--isolation", flags.isolation,
                 "how RUN is isolated: auto, privileged, userns, userns-single, none");
  app.add_option("--parallel", flags.parallel, "RUN steps at once (default: by the machine)");
}

build::BuildRequest make_request(const BuildFlags& flags, const Environment& environment) {
  build::BuildRequest request;
  request.context = flags.context;
  request.dockerfile = flags.file;
  request.target = flags.target;
  for (const std::string& text : flags.tags) request.tags.push_back(oci::Reference::parse(text).str());
  for (const std::string& text : flags.build_args) add_build_arg(text, environment, request);
  for (const std::string& text : flags.build_contexts)
    set(request.named_contexts, key_value(text, "--build-context"));
  for (const std::string& text : flags.labels) {
    // "--label key" without a value is an empty label, as with docker.
    set(request.labels,
        text.find('=') == std::string::npos ? KeyValue(text, "") : key_value(text, "--label"));
  }
  for (const std::string& text : flags.annotations) set(request.annotations, key_value(text, "--annotation"));
  for (const std::string& text : flags.platforms) request.platforms.push_back(oci::parse_platform(text));
  for (const std::string& text : flags.secrets) request.secrets.push_back(parse_secret(text, environment));
  for (const std::string& text : flags.ssh) add_ssh(text, environment, request);
  request.extra_hosts = flags.add_hosts;
  request.ulimits = flags.ulimits;
  request.no_cache = flags.no_cache;
  request.no_cache_stages = flags.no_cache_filter;
  request.network = flags.network;
  if (!flags.shm_size.empty()) request.shm_size = parse_bytes(flags.shm_size, "--shm-size");
  request.iid_file = flags.iid_file;
  request.metadata_file = flags.metadata_file;
  request.max_parallelism = flags.parallel;
  add_outputs(flags, request);
  add_epoch(flags, environment, request);
  return request;
}

}  // namespace cooper::cli
