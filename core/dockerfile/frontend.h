// The way through the Dockerfile language: parse() → resolve() → lower().
//
//   Ast ast = parse(text, "Dockerfile");
//   Plan plan = resolve(ast, input);                                    // stages, ARGs, what depends on what
//   Lowered lowered = lower(plan, input, resolver, definition);         // a graph and an image config
//
// Everything here is pure: no file, no socket. What must be looked up is asked of ImageResolver; what cannot
// be known here (layer digests, times) is left for the assembler to fill in. Several platforms are several
// calls into one graph::Definition.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "dockerfile/ast.h"
#include "dockerfile/lint.h"
#include "dockerfile/plan.h"
#include "graph/definition.h"
#include "oci/image_config.h"
#include "oci/platform.h"

namespace cooper::dockerfile {

// What a context that is one fetched file calls it, as BuildKit does.
inline constexpr const char* kHttpContextFile = "context";

// --build-context name=…: stands in for the stage or image of that name.
struct NamedContext {
  enum class Kind {
    kLocal,   // files that are here: `value` is the LocalSource's name
    kImage,   // docker-image:// or oci-layout://; `value` goes to the ImageResolver
    kGit,     // a git URL with fragment
    kHttp,    // a URL: one file, called kHttpContextFile
    kVertex,  // the result of another target in the same definition
  } kind = Kind::kLocal;
  std::string value;
  int vertex = graph::kScratch;            // kVertex only
  std::optional<oci::ImageConfig> config;  // kVertex only
};

struct FrontendInput {
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> labels;
  std::string target;  // stage name or number, "" for the last
  oci::Platform build_platform;
  std::optional<oci::Platform> target_platform;  // unset: build_platform, and the config keeps its base's
  bool multi_platform = false;                   // vertex names carry the platform

  std::map<std::string, NamedContext> named_contexts;
  std::string default_context = "context";  // LocalSource name of the main context
  // The ignore file, for lint: its patterns as read, and whether they exclude a path.
  std::vector<std::string> ignore_patterns;
  std::function<bool(const std::string&)> is_ignored;

  std::string hostname;
  graph::Exec::Network network = graph::Exec::Network::kDefault;
  std::int64_t shm_size = 0;
  std::vector<std::string> ulimits;
  std::vector<std::string> extra_hosts;
  std::string cgroup_parent;
  bool ignore_cache = false;                     // --no-cache
  std::vector<std::string> ignore_cache_stages;  // --no-cache-filter

  // Seconds since the epoch. Unset: SOURCE_DATE_EPOCH as build argument or global ARG counts.
  std::optional<std::int64_t> source_date_epoch;

  // Replaces the "check" directive. Unset: BUILDKIT_DOCKERFILE_CHECK as build argument counts, then the
  // directive.
  std::optional<std::string> check;
  bool all_stages = false;  // lower and lint what the target does not need, too (--check)
  // Called for each finding as it is made, so that findings before an error are not lost.
  std::function<void(const LintWarning&)> on_warning;
};

struct ResolvedImage {
  std::string reference;  // canonical name
  base::Digest manifest_digest;
  oci::ImageConfig config;
  std::optional<int> vertex;  // a ready vertex, where the image is no ImageSource
};

struct BaseRequest {
  std::string reference;  // canonical, or a named context's value
  oci::Platform platform;
  Lines lines = {};  // of the first instruction that names it

  bool operator==(const BaseRequest&) const = default;
};

class ImageResolver {
 public:
  virtual ~ImageResolver() = default;
  // Throws Error when the image cannot be had.
  virtual ResolvedImage resolve(const std::string& reference, const oci::Platform& platform) = 0;
  // All images that one round needs, in order; override it to fetch in parallel. Triggers of a base can make
  // a second round necessary. Throws what resolve() throws, marked by asked_by().
  virtual std::vector<ResolvedImage> resolve_all(const std::vector<BaseRequest>& requests);
};

// `error` with the lines of the request that it comes from, so that it is shown where the image is named.
base::Error asked_by(const BaseRequest& request, base::Error error);

struct Lowered {
  int root = graph::kScratch;
  // History is complete. Entries of this build have created == "" unless SOURCE_DATE_EPOCH gives a time.
  // diff_ids are the base's.
  oci::ImageConfig config;
  std::size_t base_layers = 0;      // how many diff_ids come from the base
  std::size_t base_history = 0;     // how many history entries come from the base
  std::vector<int> layer_vertices;  // of each history entry of this build that is no empty layer, in order

  std::string stage_name;
  std::vector<LintWarning> warnings;
  std::vector<std::string> unused_build_args;  // sorted
  std::optional<std::int64_t> source_date_epoch;
  std::vector<std::pair<std::string, int>> base_images;  // canonical references used, with their vertices
};

// Throws Error{kDockerfile}, Error{kUsage} for a target or check option that is not valid.
Plan resolve(const Ast& ast, const FrontendInput& input);

// SOURCE_DATE_EPOCH names a context or a stage: the source whose commit time, Last-Modified or newest entry
// counts. ARGs and history show the number, so it is found first, and the Dockerfile resolved again with it
// as build argument. nullopt when it names none, or one that has no time.
std::optional<graph::Op> epoch_source(const Plan& plan, const FrontendInput& input);

// The images that lower() asks for first.
std::vector<BaseRequest> bases_needed(const Plan& plan, const FrontendInput& input);

Lowered lower(const Plan& plan, const FrontendInput& input, ImageResolver& resolver,
              graph::Definition& definition);

// What --check prints: findings of all stages, and the error that stopped the reading, if any.
struct CheckResult {
  std::vector<LintWarning> warnings;
  std::optional<base::Error> error;
};
CheckResult check(std::string_view text, const std::string& filename, FrontendInput input,
                  ImageResolver& resolver);

}  // namespace cooper::dockerfile
