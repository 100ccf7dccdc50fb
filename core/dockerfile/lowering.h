// The work of lower(): bases resolved in rounds, triggers added, stages built in the file's order.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dockerfile/frontend.h"
#include "dockerfile/stage_builder.h"

namespace cooper::dockerfile {

class Lowering {
 public:
  Lowering(const Plan& plan, const FrontendInput& input, graph::Definition& definition)
      : plan_(plan), input_(input), definition_(definition) {
    states_.resize(plan_.stages.size());
    outlines_.resize(plan_.stages.size());
  }

  Lowered run(ImageResolver& resolver);
  // The images of the next round; marks what needs none as resolved.
  std::vector<BaseRequest> next_round();

  const Plan& plan() const { return plan_; }  // with the triggers of bases
  const std::vector<OutlineCapture>& outlines() const { return outlines_; }

 private:
  struct Pending {
    std::size_t stage;
    BaseRequest request;
    std::size_t answer = 0;  // position in the round's requests
  };

  PlanStage& stage(std::size_t index) { return plan_.stages[index]; }
  std::vector<bool> reachable() const { return reachable_stages(plan_, plan_.target, input_.all_stages); }
  std::vector<ResolvedImage> resolve_bases(ImageResolver& resolver,
                                           const std::vector<BaseRequest>& requests) const;
  void resolve_stage(std::size_t index, bool needed);
  void use_context(std::size_t index, const std::string& name, const NamedContext& context);
  void use_image(std::size_t index, ResolvedImage image);
  void use_config(std::size_t index, oci::ImageConfig config);
  bool add_triggers();
  Ast parse_trigger(const std::string& expression) const;
  bool add_trigger(std::size_t index, const std::string& expression);
  void dispatch();
  void dispatch_stage(std::size_t index);
  int add_source(std::size_t index, graph::Op op, const std::string& name);
  void finish(Lowered& lowered);
  void finish_platform(oci::ImageConfig& image) const;

  Plan plan_;  // a copy: triggers add to it
  const FrontendInput& input_;
  graph::Definition& definition_;
  std::vector<StageState> states_;
  std::vector<OutlineCapture> outlines_;
  std::vector<Pending> pending_;
  std::vector<std::pair<std::string, int>> base_images_;
  ExpansionBudget budget_;
};

// What an error of oci/ says behind the object that it names first: whoever tells it on has named that
// already.
std::string reason_of(const base::Error& error);

// The named context that stands in for `name`, or nullptr.
const NamedContext* find_context(const FrontendInput& input, const std::string& name);

// What a context is read from; nullopt for the kinds that are no source of their own. `name` is for errors.
std::optional<graph::Op> context_source(const std::string& name, const NamedContext& context);

// Checks that `stage` only fetches one thing and gives it as an op. Throws Error{kDockerfile}.
graph::Op stage_source(const Plan& plan, const PlanStage& stage);

}  // namespace cooper::dockerfile
