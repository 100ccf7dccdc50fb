// The flags of `cooper build`: those of `docker buildx build`, same names, same meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "build/request.h"
#include "cli/arguments.h"
#include "cli/attestation_flags.h"
#include "cli/environment.h"
#include "cli/flag_values.h"
#include "cli/registry_flags.h"

namespace cooper::cli {

struct BuildFlags {
  std::string context;
  std::string file;
  std::string target;
  std::vector<std::string> tags;
  std::vector<std::string> build_args;
  std::vector<std::string> build_contexts;
  std::vector<std::string> labels;
  std::vector<std::string> annotations;
  std::vector<std::string> platforms;
  std::vector<std::string> outputs;
  std::vector<std::string> secrets;
  std::vector<std::string> ssh;
  std::vector<std::string> allow;
  std::vector<std::string> add_hosts;
  std::vector<std::string> ulimits;
  std::vector<std::string> no_cache_filter;
  std::vector<std::string> cache_from;
  std::vector<std::string> cache_to;
  std::string cache_mounts;
  std::string call;
  std::string network = "default";
  std::string shm_size;
  std::string cgroup_parent;
  std::string progress = "auto";
  std::string iid_file;
  std::string metadata_file;
  std::string result_file;
  std::string trace_file;
  AttestationFlags attestations;
  std::string source_date_epoch;
  std::string store;
  std::string store_limit;
  std::string isolation = "auto";
  RegistryFlags registry;
  // No flags of `cooper build`: what other command lines ask for.
  std::vector<std::string> hidden_files;  // what the caller writes beside the sources
  build::ContextForm context_form;
  build::ImageShape shape;
  std::vector<std::string> further_targets;
  std::vector<std::string> warm_layouts;
  std::vector<std::string> notes;  // said before anything happens
  bool verify_git = true;
  bool only_plan = false;  // print the steps and run none
  int parallel = 0;
  bool check = false;
  bool no_cache = false;
  bool push = false;
  bool no_push_check = false;
  bool load = false;
  bool keep_named = false;  // no flag: without any output, what has a name stays in the store
  bool pull = false;
  bool quiet = false;
  bool explain = false;
};

void add_build_flags(Command command, BuildFlags& flags);

// What --call and --check ask for, nullopt for a build. Throws Error{kUsage}.
std::optional<CallFlag> requested_call(const BuildFlags& flags);

// Flags and environment become a request. Throws Error{kUsage} naming the flag. Secrets from the environment
// are read here.
build::BuildRequest make_request(const BuildFlags& flags, const Environment& environment);

}  // namespace cooper::cli
