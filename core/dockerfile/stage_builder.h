// One stage while it is lowered: the state that instructions change, and what they add to graph and config.
//
// One member function per instruction; the shared ones (names, history, expansion) are below. Errors carry no
// place here; lower() adds it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dockerfile/environment.h"
#include "dockerfile/frontend.h"
#include "dockerfile/outline_capture.h"

namespace cooper::dockerfile {

// What a stage has become so far; a stage built from it starts with a copy.
struct StageState {
  int vertex = graph::kScratch;
  bool is_context = false;  // `vertex` is a LocalSource: files, but no layers
  oci::ImageConfig image;
  oci::Platform platform;
  Environment environment;
  std::string directory = "/";
  std::vector<ArgDefinition> args;  // declared so far, with their values
  std::size_t base_layers = 0;
  std::size_t base_history = 0;
  std::vector<int> layer_vertices;
  bool workdir_set = false;

  bool resolved = false;        // its base image is known
  bool dispatched = false;      // complete
  bool triggers_added = false;  // ONBUILD of its base

  // Roughly the memory that a copy takes.
  std::size_t cost() const;
};

// Bounds what one Dockerfile may expand to; shared by all stages.
class ExpansionBudget {
 public:
  // Throws Error{kDockerfile} once too much was spent.
  void spend(std::size_t bytes);
  // Whether one more search for a similar name may be made.
  bool take_suggestion();

 private:
  std::size_t spent_ = 0;
  int suggestions_ = 0;
};

struct LowerContext {
  const FrontendInput& input;
  Plan& plan;
  graph::Definition& definition;
  std::vector<StageState>& states;
  std::vector<OutlineCapture>& outlines;
  ExpansionBudget& budget;
};

class StageBuilder final : private WordExpander {
 public:
  StageBuilder(LowerContext& context, int stage);

  // Config of the base → environment, directory, user.
  void start();
  void run(const PlanCommand& command);

 private:
  void apply(const Env& env);
  void apply(const Label& label);
  void apply(const Arg& arg);
  void apply(const Workdir& workdir);
  void apply(const User& user);
  void apply(const Cmd& cmd);
  void apply(const Entrypoint& entrypoint);
  void apply(const Healthcheck& health);
  void apply(const Expose& expose);
  void apply(const Volume& volume);
  void apply(const Shell& shell);
  void apply(const StopSignal& stop_signal);
  void apply(const OnBuild& onbuild);
  void apply(const Maintainer& maintainer);
  void apply(const Copy& copy);
  void apply(const Run& run);
  void apply(const From&) {}

  // COPY and ADD
  Copy expand_copy(const Copy& copy);
  void check_copy(const Copy& copy) const;
  int copy_source(const Copy& copy) const;
  void add_local_source(graph::Vertex& vertex, const Copy& copy, const std::string& source, int input);
  void add_git_source(graph::Vertex& vertex, const Copy& copy, const std::string& source);
  void add_http_source(graph::Vertex& vertex, const Copy& copy, const std::string& source);
  void add_heredocs(graph::Vertex& vertex, const Copy& copy);
  void finish_copy(graph::Vertex vertex, const Copy& copy);
  void lint_ignored(const Copy& copy, const std::string& source);

  // RUN
  std::vector<std::string> run_argv(const Run& run, graph::Exec& exec, std::string& shown);
  void add_mounts(graph::Vertex& vertex, graph::Exec& exec, const std::vector<RunMount>& mounts);
  graph::Mount make_mount(graph::Vertex& vertex, const RunMount& mount, std::size_t index);
  std::optional<graph::Mount> make_secret(const RunMount& mount);
  int mount_input(graph::Vertex& vertex, const RunMount& mount, std::size_t index);
  std::string run_history(const std::vector<std::string>& argv) const;

  // Shared
  std::string expand_word(const std::string& word) override;
  std::string expand_raw(const std::string& word);
  void lint_unmatched(const std::set<std::string>& unmatched);
  void add_history(std::string text, std::optional<int> layer);
  int add_vertex(graph::Vertex vertex, const std::string& name);
  int add_internal_vertex(graph::Vertex vertex, const std::string& name);
  std::string step_name(const std::string& text);
  std::string shown_code(const WordOptions& options, const Environment& environment,
                         const std::string& text) const;
  std::vector<std::string> with_shell(const std::vector<std::string>& words) const;
  void lint_shell_form(const CommandLine& line);
  void set_directory(const std::string& path);
  std::string own_path(const std::string& path) const;
  int main_context();
  int root();

  LowerContext& context_;
  std::size_t index_;
  StageState& state_;
  Linter& linter_;
  const Instruction* instruction_ = nullptr;
  const PlanCommand* command_ = nullptr;
  int step_ = 0;
  std::optional<Lines> last_cmd_;
  std::optional<Lines> last_entrypoint_;
  std::optional<Lines> last_healthcheck_;

  PlanStage& plan_stage() { return context_.plan.stages[index_]; }
  const PlanStage& plan_stage() const { return context_.plan.stages[index_]; }
  void lint_repeated(std::optional<Lines>& last);
};

// "[linux/arm64 builder 2/5] " and friends; `step` is counted up.
std::string step_prefix(const PlanStage& stage, int& step, const FrontendInput& input,
                        const oci::Platform& platform, const Environment& environment, bool from_trigger);

// "80/tcp" …, each checked; throws Error{kDockerfile}.
std::vector<std::string> read_ports(const std::vector<std::string>& words, Lines lines, Linter& linter);

// Throws Error{kDockerfile} unless `mode` is octal up to 07777 or symbolic.
void check_mode(const std::string& mode);
bool is_signal(const std::string& text);

}  // namespace cooper::dockerfile
