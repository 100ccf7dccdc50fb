#include "cli/kaniko_job.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/kaniko_context.h"
#include "cli/kaniko_flags.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kUsualDirectory = "/kaniko";
constexpr const char* kUsualDockerfile = "Dockerfile";
constexpr int kMostOfGzip = 9;
constexpr const char* kGitHeader = "COOPER_GIT_AUTH_HEADER";  // for our own eyes: never a process's variable

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool is_url(const std::string& text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

std::string join_path(const std::string& directory, const std::string& path) {
  if (path.empty()) return directory;
  return directory.ends_with('/') ? directory + path : directory + "/" + path;
}

// One field of a CSV record, whatever a path holds.
std::string csv_field(std::string_view name, const std::string& value) {
  std::string field = fmt::format("\"{}=", name);
  for (const char c : value) field += c == '"' ? "\"\"" : std::string(1, c);
  return field + "\"";
}

class JobMaker {
 public:
  JobMaker(const KanikoSettings& settings, const Environment& environment)
      : settings_(settings), job_{{}, kaniko_environment(settings, environment), {}, false} {}

  KanikoJob make() {
    for (const std::string& text : settings_.destinations) add_destination(text);
    job_.pushes = !settings_.no_push;
    check();
    BuildFlags& build = job_.build;
    build.store = kaniko_store(settings_, job_.environment);
    if (!settings_.targets.empty()) {
      build.target = settings_.targets.front();
      build.further_targets.assign(settings_.targets.begin() + 1, settings_.targets.end());
    }
    build.only_plan = settings_.dry_run;
    build.warm_layouts = {settings_.cache_directory};
    build.labels = settings_.labels;
    build.annotations = settings_.annotations;
    build.secrets.insert(build.secrets.end(), settings_.secrets.begin(), settings_.secrets.end());
    if (!settings_.platform.empty()) build.platforms = {settings_.platform};
    for (const std::string& text : settings_.build_args) add_build_arg(text);
    build.shape.single_layer = settings_.single_snapshot;
    build.shape.left_out = settings_.ignored_paths;
    if (settings_.ignore_var_run) build.shape.left_out.emplace_back("/var/run");
    if (settings_.reproducible) build.source_date_epoch = "0";
    build.no_push_check = settings_.skip_push_check || settings_.dry_run;
    set_context();
    set_outputs();
    set_cache();
    set_log();
    build.registry = kaniko_registry(settings_, job_.environment, own_hosts());
    if (std::string note = note_without_meaning(settings_, job_.environment); !note.empty())
      job_.build.notes.push_back(std::move(note));
    return std::move(job_);
  }

 private:
  void add_destination(const std::string& text) {
    try {
      job_.destinations.push_back(oci::Reference::parse(text));
    } catch (Error& error) {
      throw error.context("--destination");
    }
    job_.build.tags.push_back(text);
  }

  void check() const {
    if (!settings_.no_push && settings_.destinations.empty()) {
      throw Error(ErrorKind::kUsage, "there is no --destination, and no --no-push")
          .hint("add --destination=HOST/REPOSITORY:TAG, or --no-push");
    }
    if (settings_.destinations.empty()) {
      require_no_name(settings_.tar_path, "--tar-path");
      require_no_name(settings_.name_digest_file, "--image-name-with-digest-file");
      require_no_name(settings_.tag_digest_file, "--image-name-tag-with-digest-file");
    }
    if (settings_.cache && settings_.cache_repo.empty() && settings_.destinations.empty()) {
      throw Error(ErrorKind::kUsage, "--cache has no place: there is neither --cache-repo nor --destination")
          .hint("add --cache-repo=HOST/REPOSITORY");
    }
    if (settings_.compression == "zstd" && settings_.image_format == "docker") {
      throw Error(ErrorKind::kUsage, "--compression=zstd and --image-format=docker exclude each other")
          .hint("use --image-format=oci: Docker's media types have no zstd");
    }
    if (settings_.compression != "zstd" && settings_.compression_level.value_or(0) > kMostOfGzip) {
      throw Error(ErrorKind::kUsage, fmt::format("--compression-level {} is above gzip's {}",
                                                 *settings_.compression_level, kMostOfGzip))
          .hint("add --compression=zstd, or give a smaller number");
    }
  }

  static void require_no_name(const std::string& value, const char* flag) {
    if (value.empty()) return;
    throw Error(ErrorKind::kUsage,
                fmt::format("{} needs the image's name, and there is no --destination", flag))
        .hint("add --destination=HOST/REPOSITORY:TAG; with --no-push nothing is sent there");
  }

  // One that the environment does not have is empty, as with Kaniko; docker would leave it out.
  void add_build_arg(const std::string& text) {
    const bool has_value = text.find('=') != std::string::npos;
    job_.build.build_args.push_back(has_value ? text : text + "=" + job_.environment.get(text));
  }

  void set_context() {
    KanikoContext context = read_kaniko_context(settings_, job_.environment.variables());
    using Kind = KanikoContext::Kind;
    BuildFlags& build = job_.build;
    build.context = context.value;
    if (context.kind == Kind::kDirectory) {
      build.context = join_path(context.value, settings_.sub_path);
      // As people write it, and as messages are to show it: "/workspace".
      while (build.context.size() > 1 && build.context.back() == '/') build.context.pop_back();
      build.file = dockerfile_for_directory();
      return;
    }
    build.file = dockerfile_elsewhere();
    build.context_form.is_ignoring = true;
    if (context.kind == Kind::kGit) {
      set_git_credentials(context.value);
      build.verify_git = !settings_.git.skip_tls_verify;
      return;
    }
    build.context_form.is_archive = true;
    build.context_form.directory = settings_.sub_path;
    if (context.kind == Kind::kObject) build.context_form.object = store_object(std::move(context));
  }

  // What Azure's account key is to be used for is its own blobs; a signature in the URL is enough by itself.
  build::ContextObject store_object(KanikoContext context) const {
    const std::string key = job_.environment.get("AZURE_STORAGE_ACCESS_KEY");
    const bool has_signature = context.value.find('?') != std::string::npos;
    if (context.store == "azblob" && !key.empty() && !has_signature)
      context.attributes["secret_access_key"] = key;
    return {context.store, std::move(context.attributes), std::move(context.object)};
  }

  // As Kaniko looks for it: a path here, else in the context. What nobody named is the context's own first.
  std::string dockerfile_for_directory() const {
    const std::string& given = settings_.dockerfile;
    const std::string& context = job_.build.context;
    if (is_url(given)) return given;
    if (given.empty()) {
      const bool only_here = !exists(join_path(context, kUsualDockerfile)) && exists(kUsualDockerfile);
      return only_here ? kUsualDockerfile : "";
    }
    const std::string inside = join_path(context, given);
    return !exists(given) && exists(inside) ? inside : given;
  }

  std::string dockerfile_elsewhere() const {
    const std::string& given = settings_.dockerfile;
    if (given.empty() || is_url(given) || given.starts_with('/') || !exists(given)) return given;
    return absolute(given);
  }

  static std::string absolute(const std::string& path) {
    char* real = ::realpath(path.c_str(), nullptr);
    if (real == nullptr) return path;
    std::string result(real);
    ::free(real);
    return result;
  }

  // Of the repository's own host only. A token counts first, as with Kaniko.
  void set_git_credentials(const std::string& url) {
    const std::size_t begin = url.find("://") + 3;
    const std::string host = url.substr(begin, url.find('/', begin) - begin);
    if (!job_.environment.get("GIT_TOKEN").empty()) {
      job_.build.secrets.push_back(fmt::format("id=GIT_AUTH_TOKEN.{},env=GIT_TOKEN", host));
      return;
    }
    const std::string user = job_.environment.get("GIT_USERNAME");
    const std::string password = job_.environment.get("GIT_PASSWORD");
    if (user.empty() && password.empty()) return;
    std::map<std::string, std::string> variables = job_.environment.variables();
    variables[kGitHeader] = "Basic " + base::base64_encode(user + ":" + password);
    job_.environment = Environment(std::move(variables));
    job_.build.secrets.push_back(fmt::format("id=GIT_AUTH_HEADER.{},env={}", host, kGitHeader));
  }

  // All outputs have the same form, as they are one image.
  void set_outputs() {
    std::string form;
    if (!settings_.compression.empty()) form += ",compression=" + settings_.compression;
    if (settings_.compression_level)
      form += fmt::format(",compression-level={}", *settings_.compression_level);
    if (!settings_.image_format.empty())
      form += settings_.image_format == "docker" ? ",oci-mediatypes=false" : ",oci-mediatypes=true";
    std::vector<std::string>& outputs = job_.build.outputs;
    const std::string mercy = settings_.ignore_immutable_tags ? ",ignore-immutable-tags=true" : "";
    outputs.push_back(job_.pushes ? "type=registry" + mercy + form : "type=image" + form);
    if (!settings_.tar_path.empty())
      outputs.push_back("type=docker," + csv_field("dest", settings_.tar_path) + form);
    if (!settings_.layout_path.empty())
      outputs.push_back("type=oci,tar=false," + csv_field("dest", settings_.layout_path) + form);
  }

  // The layers of all stages, as Kaniko keeps them.
  void set_cache() {
    job_.build.no_cache = !settings_.cache || !settings_.cache_runs;
    if (job_.build.no_cache) return;
    const std::string place = cache_repository();
    const bool is_directory = place.starts_with("oci:");
    auto where = [&](std::string_view attribute) {
      return is_directory ? "type=local," + csv_field(attribute, place.substr(4))
                          : "type=registry,ref=" + oci::Reference::parse(place).name();
    };
    job_.build.cache_from.push_back(where("src") + ",ttl=" + settings_.cache_ttl);
    if (!settings_.no_push_cache) job_.build.cache_to.push_back(where("dest") + ",mode=max");
  }

  std::string cache_repository() const {
    if (!settings_.cache_repo.empty()) return settings_.cache_repo;
    return job_.destinations.front().name() + "/cache";
  }

  std::vector<std::string> own_hosts() const {
    std::vector<std::string> hosts;
    if (job_.pushes) {
      for (const oci::Reference& destination : job_.destinations) hosts.push_back(destination.host);
    }
    const bool has_cache = settings_.cache && (!settings_.cache_repo.empty() || !job_.destinations.empty());
    if (has_cache && !cache_repository().starts_with("oci:"))
      hosts.push_back(oci::Reference::parse(cache_repository()).host);
    return hosts;
  }

  void set_log() {
    job_.build.progress = settings_.log_format == "json" ? "rawjson" : "plain";
    if (settings_.log_format.empty()) job_.build.progress = "auto";
    std::map<std::string, std::string> variables = job_.environment.variables();
    if (settings_.log_format == "color") variables["FORCE_COLOR"] = "1";
    if (settings_.log_format == "text") variables["NO_COLOR"] = "1";
    job_.environment = Environment(std::move(variables));
    const std::string& verbosity = settings_.verbosity;
    if (verbosity == "debug" || verbosity == "trace") job_.build.explain = true;
    if (verbosity != "debug" && verbosity != "trace" && verbosity != "info") job_.build.progress = "quiet";
  }

  const KanikoSettings& settings_;
  KanikoJob job_;
};

}  // namespace

KanikoJob make_kaniko_job(const KanikoSettings& settings, const Environment& environment) {
  return JobMaker(settings, environment).make();
}

std::string kaniko_directory(const KanikoSettings& settings) {
  return settings.directory.empty() ? kUsualDirectory : settings.directory;
}

Environment kaniko_environment(const KanikoSettings& settings, const Environment& environment) {
  std::map<std::string, std::string> variables = environment.variables();
  const std::string directory = kaniko_directory(settings);
  const std::string logins = directory + "/.docker";
  if (environment.get("DOCKER_CONFIG").empty() && exists(logins + "/config.json"))
    variables["DOCKER_CONFIG"] = logins;
  const std::string authorities = directory + "/ssl/certs";
  if (environment.get("SSL_CERT_DIR").empty() && exists(authorities)) variables["SSL_CERT_DIR"] = authorities;
  return Environment(std::move(variables));
}

std::string kaniko_store(const KanikoSettings& settings, const Environment& environment) {
  if (!environment.get("COOPER_STORE").empty()) return environment.default_store();
  const std::string directory = kaniko_directory(settings);
  // Where it was named it is made; else only what is there is used.
  const bool is_named = !settings.directory.empty() && !exists(directory);
  if (is_named || ::access(directory.c_str(), W_OK | X_OK) == 0) return directory + "/cooper";
  return environment.default_store();
}

RegistryFlags kaniko_registry(const KanikoSettings& settings, const Environment& environment,
                              const std::vector<std::string>& own_hosts) {
  RegistryFlags flags;
  flags.mirrors = settings.mirrors;
  flags.maps = settings.maps;
  flags.authorities = settings.authorities;
  flags.client_certificates = settings.client_certificates;
  flags.lax_hosts = settings.insecure_registries;
  flags.unverified_hosts = settings.unverified_registries;
  flags.no_fallback = settings.no_fallback;
  flags.others = {settings.pull.insecure, !settings.pull.skip_tls_verify, own_hosts};
  for (const std::string& host : own_hosts) {
    if (settings.push.insecure) flags.lax_hosts.push_back(host);
    if (settings.push.skip_tls_verify) flags.unverified_hosts.push_back(host);
  }
  if (settings.credential_helpers)
    flags.credential_places.emplace(settings.credential_helpers->begin(), settings.credential_helpers->end());
  flags.kaniko_variables = true;
  flags.attempts = std::max(settings.push_retries, settings.pull_retries) + 1;
  flags.client_type = environment.get("UPSTREAM_CLIENT_TYPE");
  return flags;
}

std::string note_without_meaning(const KanikoSettings& settings, const Environment& environment) {
  std::vector<std::string> names = settings.without_meaning;
  for (std::string& name : variables_without_meaning(environment.variables()))
    names.push_back(std::move(name));
  if (names.empty()) return "";
  return fmt::format("without a meaning here (docs/kaniko-flags.md says why): {}", base::join(names, ", "));
}

}  // namespace cooper::cli
