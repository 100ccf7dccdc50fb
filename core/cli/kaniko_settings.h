// What Kaniko's flags and variables say, before it is decided what that means for a build: plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cooper::cli {

// --git, and what else is said of a context that is a repository.
struct KanikoGit {
  std::string branch;
  bool recurse_submodules = false;
  bool skip_tls_verify = false;
};

// How hosts are spoken to that this side of the work goes to: pushes, or pulls.
struct KanikoTrust {
  bool insecure = false;         // plain HTTP where nothing speaks TLS
  bool skip_tls_verify = false;  // any certificate
};

struct KanikoSettings {
  // What is built.
  std::string dockerfile;  // "" when nothing was said
  std::string context;     // the same
  std::string sub_path;
  std::string bucket;
  KanikoGit git;
  std::vector<std::string> targets;
  std::vector<std::string> build_args;
  std::vector<std::string> secrets;
  std::string platform;

  // What the image is like.
  std::vector<std::string> labels;
  std::vector<std::string> annotations;
  std::vector<std::string> ignored_paths;
  bool ignore_var_run = false;
  std::string compression;
  std::optional<int> compression_level;
  std::string image_format;
  bool single_snapshot = false;
  bool reproducible = false;

  // Where it goes.
  std::vector<std::string> destinations;
  bool no_push = false;
  bool skip_push_check = false;
  bool ignore_immutable_tags = false;
  std::string tar_path;
  std::string layout_path;
  std::string digest_file;
  std::string name_digest_file;
  std::string tag_digest_file;

  // The cache.
  bool cache = false;
  bool cache_runs = true;
  bool no_push_cache = false;
  std::string cache_repo;
  std::string cache_directory = "/cache";
  std::string cache_ttl = "336h";

  // Registries.
  KanikoTrust push;
  KanikoTrust pull;
  std::vector<std::string> insecure_registries;
  std::vector<std::string> unverified_registries;
  std::vector<std::string> authorities;
  std::vector<std::string> client_certificates;
  std::vector<std::string> mirrors;
  std::vector<std::string> maps;
  bool no_fallback = false;
  std::optional<std::vector<std::string>> credential_helpers;  // nullopt: all
  int push_retries = 0;
  int pull_retries = 0;

  // This run.
  std::string directory;  // --kaniko-dir; "" when nothing was said
  std::string verbosity = "info";
  std::string log_format;  // "" when nothing was said
  bool log_timestamp = false;
  bool dry_run = false;

  std::vector<std::string> images;  // the warmer's own

  // Flags and variables that were given and have no meaning here, as they were written.
  std::vector<std::string> without_meaning;
};

}  // namespace cooper::cli
