#include "cli/kaniko_flags.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "cli/kaniko_values.h"

namespace cooper::cli {

namespace {

using Kind = KanikoKind;
using Effect = KanikoEffect;
using S = KanikoSettings;
using V = const std::string&;

constexpr auto kText = Kind::kText;
constexpr auto kList = Kind::kList;
constexpr auto kSwitch = Kind::kSwitch;
constexpr auto kHonoured = Effect::kHonoured;
constexpr auto kNoMeaning = Effect::kNoMeaning;
constexpr auto kRefused = Effect::kRefused;

bool on(V value) {
  return value == "true";
}

// One row: name, letter, deprecated name, kind, default, variable, effect, meaning, what it sets.
const KanikoFlagTable kSources = {
    {"dockerfile", 'f', "", kText, "Dockerfile", "", kHonoured,
     "the Dockerfile: a path here, a path in the context, or an http(s) URL",
     [](V v, S& s) { s.dockerfile = v; }},
    {"context", 'c', "", kText, "/workspace/", "", kHonoured,
     "dir://, tar://, tar://stdin, git://, s3://, gs://, https:// (Azure's blobs among them); none is dir://",
     [](V v, S& s) { s.context = v; }},
    {"context-sub-path", 0, "", kText, "", "", kHonoured, "the directory in the context that is the context",
     [](V v, S& s) { s.sub_path = v; }},
    {"bucket", 'b', "", kText, "", "", kHonoured,
     "the old form of `--context gs://BUCKET`; without an object it is context.tar.gz",
     [](V v, S& s) { s.bucket = v; }},
    {"git", 0, "", kList, "", "", kHonoured,
     "of a git context: `branch=NAME`, `recurse-submodules=true`, `insecure-skip-tls=true`; `single-branch` "
     "and `depth` change nothing, as the whole history of the one ref is fetched",
     apply_git_option},
    {"target", 0, "", kList, "the last stage", "", kHonoured,
     "the stage that is the image; of several (repeated or with commas) the first is, the others are built, "
     "too",
     apply_target},
    {"build-arg", 0, "", kList, "", "", kHonoured,
     "NAME=VALUE; NAME alone takes the environment's, empty where there is none",
     [](V v, S& s) { s.build_args.push_back(v); }},
    {"secret", 0, "", kList, "", "", kHonoured,
     "`id=NAME,src=FILE` or `id=NAME,env=VARIABLE`, for RUN --mount",
     [](V v, S& s) { s.secrets.push_back(v); }},
    {"custom-platform", 0, "customPlatform", kText, "this machine's", "", kHonoured,
     "os/arch[/variant] of the image and its bases; RUN needs a machine that can run it",
     [](V v, S& s) { s.platform = v; }},
};

const KanikoFlagTable kImage = {
    {"label", 0, "", kList, "", "", kHonoured, "KEY=VALUE on the image",
     [](V v, S& s) { s.labels.push_back(v); }},
    {"annotation", 0, "", kList, "", "", kHonoured, "KEY=VALUE on the manifest",
     [](V v, S& s) { s.annotations.push_back(v); }},
    {"single-snapshot", 0, "", kSwitch, "false", "", kHonoured,
     "one layer for all steps of the final stage, upon those of its base",
     [](V v, S& s) { s.single_snapshot = on(v); }},
    {"reproducible", 0, "", kSwitch, "false", "", kHonoured,
     "the image, its history and all new files are of 1970-01-01; layers of the base stay as they are",
     [](V v, S& s) { s.reproducible = on(v); }},
    {"ignore-path", 0, "", kList, "", "", kHonoured,
     "an absolute path that, with all below, no new layer of the image has; later steps still see it",
     [](V v, S& s) { s.ignored_paths.push_back(v); }},
    {"compression", 0, "", kText, "gzip", "", kHonoured, "gzip or zstd, for the layers that are made",
     apply_compression},
    {"compression-level", 0, "", kText, "-1", "", kHonoured, "the compressor's own number; -1: its default",
     apply_compression_level},
    {"image-format", 0, "", kText, "oci", "", kHonoured,
     "`docker` or `oci`: media types of manifest and layers; not the base's by default", apply_image_format},
};

const KanikoFlagTable kOutputs = {
    {"destination", 'd', "", kList, "", "", kHonoured, "where the image is pushed; needed unless --no-push",
     [](V v, S& s) { s.destinations.push_back(v); }},
    {"no-push", 0, "", kSwitch, "false", "KANIKO_NO_PUSH", kHonoured,
     "do not push the image; the cache is pushed all the same", [](V v, S& s) { s.no_push = on(v); }},
    {"skip-push-permission-check", 0, "", kSwitch, "false", "", kHonoured,
     "do not ask the registries before the build whether they will take the image",
     [](V v, S& s) { s.skip_push_check = on(v); }},
    {"push-ignore-immutable-tag-errors", 0, "", kSwitch, "false", "", kHonoured,
     "a tag that the registry does not let be moved counts as pushed",
     [](V v, S& s) { s.ignore_immutable_tags = on(v); }},
    {"tar-path", 0, "tarPath", kText, "", "", kHonoured,
     "also save the image as a tar that `docker load` reads; needs a destination for its name",
     [](V v, S& s) { s.tar_path = v; }},
    {"oci-layout-path", 0, "", kText, "", "", kHonoured, "also save it as a directory in OCI image layout",
     [](V v, S& s) { s.layout_path = v; }},
    {"digest-file", 0, "", kText, "", "", kHonoured, "a file, or an https:// URL for PUT: the digest",
     [](V v, S& s) { s.digest_file = v; }},
    {"image-name-with-digest-file", 0, "", kText, "", "", kHonoured,
     "the same: REPOSITORY@DIGEST, a line a destination", [](V v, S& s) { s.name_digest_file = v; }},
    {"image-name-tag-with-digest-file", 0, "", kText, "", "", kHonoured,
     "the same: REPOSITORY:TAG@DIGEST, a line a destination", [](V v, S& s) { s.tag_digest_file = v; }},
    {"push-retry", 0, "", kText, "0", "", kHonoured,
     "further attempts of a request that failed; there are four in any case, this asks for more",
     [](V v, S& s) { s.push_retries = read_count(v); }},
};

const KanikoFlagTable kCache = {
    {"cache", 0, "", kSwitch, "false", "", kHonoured,
     "take results of steps from the cache and keep them there; without it every step runs",
     [](V v, S& s) { s.cache = on(v); }},
    {"cache-repo", 0, "", kText, "FIRST DESTINATION/cache", "", kHonoured,
     "the cache's repository, or `oci:DIRECTORY`", [](V v, S& s) { s.cache_repo = v; }},
    {"cache-run-layers", 0, "", kSwitch, "true", "", kHonoured, "false: every step runs, as without --cache",
     [](V v, S& s) { s.cache_runs = on(v); }},
    {"cache-copy-layers", 0, "", kSwitch, "false", "", kNoMeaning,
     "COPY and ADD are cached with RUN: they are found by the content of what they copy", nullptr},
    {"no-push-cache", 0, "", kSwitch, "false", "", kHonoured, "read the cache and write nothing",
     [](V v, S& s) { s.no_push_cache = on(v); }},
    {"compressed-caching", 0, "", kSwitch, "true", "", kNoMeaning,
     "layers are compressed once and streamed: memory does not grow with them", nullptr},
    {"cache-dir", 0, "", kText, "/cache", "", kHonoured,
     "base images that the warmer put there are read from it, each blob checked against its digest",
     [](V v, S& s) { s.cache_directory = v; }},
    {"cache-ttl", 0, "", kText, "336h", "", kHonoured,
     "what is older in the cache repository counts as none; of warmed images the registry says which they "
     "are",
     apply_cache_ttl},
};

const KanikoFlagTable kPushing = {
    {"insecure", 0, "", kSwitch, "false", "", kHonoured,
     "plain HTTP to the destinations and the cache where they speak no TLS",
     [](V v, S& s) { s.push.insecure = on(v); }},
    {"skip-tls-verify", 0, "", kSwitch, "false", "", kHonoured,
     "any certificate of the destinations and the cache", [](V v, S& s) { s.push.skip_tls_verify = on(v); }},
};

const KanikoFlagTable kRegistries = {
    {"insecure-pull", 0, "", kSwitch, "false", "", kHonoured,
     "the same for every other registry: plain HTTP where it speaks no TLS",
     [](V v, S& s) { s.pull.insecure = on(v); }},
    {"insecure-registry", 0, "", kList, "", "", kHonoured, "the same for this registry, pushing and pulling",
     [](V v, S& s) { s.insecure_registries.push_back(v); }},
    {"skip-tls-verify-pull", 0, "", kSwitch, "false", "", kHonoured,
     "any certificate of every other registry", [](V v, S& s) { s.pull.skip_tls_verify = on(v); }},
    {"skip-tls-verify-registry", 0, "", kList, "", "", kHonoured,
     "any certificate of this registry, pushing and pulling",
     [](V v, S& s) { s.unverified_registries.push_back(v); }},
    {"registry-certificate", 0, "", kList, "", "", kHonoured, "HOST=FILE: authorities of this registry",
     [](V v, S& s) { s.authorities.push_back(v); }},
    {"registry-client-cert", 0, "", kList, "", "", kHonoured, "HOST=CERT,KEY: what this registry is shown",
     [](V v, S& s) { s.client_certificates.push_back(v); }},
    {"registry-mirror", 0, "", kList, "", "KANIKO_REGISTRY_MIRROR", kHonoured,
     "HOST[/PREFIX] that docker.io's images are pulled from first", apply_mirror},
    {"registry-map", 0, "", kList, "", "KANIKO_REGISTRY_MAP", kHonoured,
     "HOST[/PREFIX]=HOST[/PREFIX][;…]: the same for any registry", apply_map},
    {"skip-default-registry-fallback", 0, "", kSwitch, "false", "", kHonoured, "fail when no mirror has it",
     [](V v, S& s) { s.no_fallback = on(v); }},
    {"credential-helpers", 0, "", kList, "env, google, ecr, acr, gitlab", "", kHonoured,
     "which places besides docker's files are asked for credentials; empty: none", apply_credential_helper},
    {"image-download-retry", 0, "", kText, "0", "", kHonoured, "as --push-retry; the larger of both counts",
     [](V v, S& s) { s.pull_retries = read_count(v); }},
};

const KanikoFlagTable kRun = {
    {"kaniko-dir", 0, "", kText, "/kaniko", "KANIKO_DIR", kHonoured,
     "the store is in it where it can be written to, and `.docker/config.json` is read there",
     [](V v, S& s) { s.directory = v; }},
    {"dryrun", 0, "", kSwitch, "false", "KANIKO_PRINT_PLAN", kHonoured, "print the steps and run none",
     [](V v, S& s) { s.dry_run = on(v); }},
    {"snapshot-mode", 0, "snapshotMode", kText, "full", "", kNoMeaning,
     "a layer is exactly what the step changed, whatever the mode", check_snapshot_mode},
    {"use-new-run", 0, "", kSwitch, "false", "", kNoMeaning,
     "nothing is scanned, so there is no faster way that misses files", nullptr},
    {"image-fs-extract-retry", 0, "", kText, "0", "", kNoMeaning,
     "what is unpacked was checked against its digest and is fetched anew when it is damaged",
     [](V v, S&) { read_count(v); }},
    {"skip-unused-stages", 0, "", kSwitch, "false", "", kNoMeaning,
     "stages that the target does not need are never built", nullptr},
    {"ignore-var-run", 0, "whitelist-var-run", kSwitch, "false", "", kHonoured,
     "as `--ignore-path /var/run`; not by default, as the machine's own /var/run is never in the image",
     [](V v, S& s) { s.ignore_var_run = on(v); }},
    {"force-build-metadata", 0, "", kSwitch, "false", "", kNoMeaning,
     "every instruction is in the image's history; steps that change no file need no empty layer", nullptr},
    {"cleanup", 0, "", kSwitch, "false", "", kNoMeaning, "the file system around cooper is never changed",
     nullptr},
    {"pre-cleanup", 0, "", kSwitch, "false", "KANIKO_PRE_CLEANUP", kNoMeaning, "the same", nullptr},
    {"preserve-context", 0, "", kSwitch, "false", "KANIKO_PRESERVE_CONTEXT", kNoMeaning, "the same", nullptr},
    {"materialize", 0, "", kSwitch, "false", "", kRefused,
     "remove it: cooper never builds over the file system that it runs in; `cooper build -o DIRECTORY` "
     "writes the image's files",
     nullptr},
    {"force", 0, "", kSwitch, "false", "", kNoMeaning, "a build is as safe outside of a container", nullptr},
};

const KanikoFlagTable kLog = {
    {"verbosity", 'v', "", kText, "info", "", kHonoured,
     "error, fatal, panic, warn: only what fails; info; debug, trace: also why steps were not cached",
     apply_verbosity},
    {"log-format", 0, "", kText, "color on a terminal", "", kHonoured, "text, color, json", apply_log_format},
    {"log-timestamp", 0, "", kSwitch, "false", "", kHonoured, "the time of day before each line",
     [](V v, S& s) { s.log_timestamp = on(v); }},
};

const KanikoFlagTable kWarmer = {
    {"image", 'i', "", kList, "", "", kHonoured, "an image to fetch",
     [](V v, S& s) { s.images.push_back(v); }},
    {"dockerfile", 'd', "", kText, "", "", kHonoured,
     "a path or an http(s) URL: fetch the bases of all its stages", [](V v, S& s) { s.dockerfile = v; }},
    {"cache-dir", 'c', "", kText, "/cache", "", kHonoured, "the OCI image layout that they are kept in",
     [](V v, S& s) { s.cache_directory = v; }},
    {"force", 'f', "", kSwitch, "false", "", kNoMeaning,
     "names are always asked for again, and blobs are what their digests say", nullptr},
    {"cache-ttl", 0, "", kText, "336h", "", kNoMeaning, "the same", apply_cache_ttl},
};

void append(KanikoFlagTable& table, const KanikoFlagTable& more) {
  table.insert(table.end(), more.begin(), more.end());
}

KanikoFlag row(const KanikoFlagTable& table, std::string_view name) {
  return *std::find_if(table.begin(), table.end(), [&](const KanikoFlag& flag) { return flag.name == name; });
}

}  // namespace

const KanikoFlagTable& kaniko_flags() {
  static const KanikoFlagTable kTable = [] {
    KanikoFlagTable all;
    for (const KanikoFlagTable* part :
         {&kSources, &kImage, &kOutputs, &kCache, &kPushing, &kRegistries, &kRun, &kLog})
      append(all, *part);
    return all;
  }();
  return kTable;
}

const KanikoFlagTable& warmer_flags() {
  static const KanikoFlagTable kTable = [] {
    KanikoFlagTable all = kWarmer;
    for (const char* name : {"build-arg", "custom-platform"}) all.push_back(row(kSources, name));
    append(all, kRegistries);
    all.push_back(row(kRun, "kaniko-dir"));
    append(all, kLog);
    return all;
  }();
  return kTable;
}

std::vector<std::string> variables_without_meaning(const std::map<std::string, std::string>& environment) {
  constexpr std::array<std::string_view, 5> kNames = {"SNAPSHOT_TIMEOUT_DURATION", "BENCHMARK_FILE",
                                                      "KANIKO_CLEANUP", "KANIKO_IGNORE_ASSERTIONS",
                                                      "KANIKO_TELEMETRY_ENDPOINT"};
  std::vector<std::string> found;
  for (const auto& [name, value] : environment) {
    const bool is_feature = name.starts_with("FF_KANIKO_");
    if (is_feature || std::find(kNames.begin(), kNames.end(), name) != kNames.end()) found.push_back(name);
  }
  return found;
}

}  // namespace cooper::cli
