// A Dockerfile whose stages are known: global ARGs evaluated, FROM lines expanded, dependencies found.
//
// Stages are indexes into Plan::stages, in the file's order; images that COPY --from or RUN --mount name come
// after them as stages without instructions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dockerfile/ast.h"
#include "dockerfile/environment.h"
#include "dockerfile/instruction.h"
#include "dockerfile/lint.h"
#include "dockerfile/shell_word.h"
#include "oci/platform.h"

namespace cooper::dockerfile {

inline constexpr int kNoStage = -1;

struct PlanCommand {
  std::shared_ptr<const Instruction> instruction;
  // The stages that --from (one) or --mount (one each, kNoStage for the context) read.
  std::vector<int> sources;
  bool from_trigger = false;  // an ONBUILD of the base
};

// A definition of an ARG as the outline shows it.
struct ArgInfo {
  ArgDefinition definition;
  std::string value;
  std::set<std::string> depends_on;
  Lines lines;
  std::size_t position = 0;  // among the definitions of its ARG
};

struct PlanStage {
  From header;  // base and platform expanded
  std::string code;
  Lines lines;
  std::vector<std::string> comments;
  std::string name;                       // for display: "builder", "stage-0", "" when it is the only one
  std::optional<oci::Platform> platform;  // --platform
  int base = kNoStage;                    // an earlier stage
  bool image_only = false;                // only named by --from or a mount
  std::string context;                    // the named context that replaces this stage, "" for none
  std::vector<PlanCommand> commands;
  std::set<int> depends_on;
  int command_total = 0;            // steps that progress counts
  std::set<std::string> used_args;  // in FROM

  bool is_scratch() const { return header.base == "scratch" && context.empty(); }
};

struct Plan {
  std::shared_ptr<const Source> source;
  std::vector<PlanStage> stages;
  std::map<std::string, int> stages_by_name;
  int target = kNoStage;
  Environment global_args;
  std::map<std::string, ArgInfo> global_definitions;
  std::map<std::string, std::string> build_args;  // the input's, SOURCE_DATE_EPOCH evaluated
  oci::Platform target_platform;
  oci::Platform build_platform;
  std::optional<std::int64_t> source_date_epoch;
  std::string epoch_source;  // "context", a named context or a stage; "" for none
  std::set<std::string> consumed_args;
  std::shared_ptr<Linter> linter;

  WordOptions word_options() const;
};

// Adds `instruction` to `stage`, with the stages it reads. New images are appended to plan.stages. Throws
// Error{kDockerfile} without a place.
void add_command(Plan& plan, int stage, Instruction instruction, bool from_trigger);

// `stage` and all it needs. All stages when `everything`.
std::vector<bool> reachable_stages(const Plan& plan, int stage, bool everything);

// "docker.io/library/debian:12" → "debian:12": the name that --build-context goes by.
std::string context_key(const std::string& name);

}  // namespace cooper::dockerfile
