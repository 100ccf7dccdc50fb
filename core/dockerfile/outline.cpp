#include "dockerfile/outline.h"

#include <algorithm>
#include <map>
#include <set>

#include "dockerfile/lowering.h"

namespace cooper::dockerfile {

namespace {

// Names in `used`, and what their defaults are made of.
std::set<std::string> with_dependencies(const std::set<std::string>& used, const Plan& plan,
                                        const OutlineCapture& capture) {
  std::set<std::string> all;
  std::vector<std::string> pending(used.begin(), used.end());
  while (!pending.empty()) {
    std::string name = std::move(pending.back());
    pending.pop_back();
    if (!all.insert(name).second) continue;
    auto own = capture.definitions.find(name);
    if (own != capture.definitions.end()) continue;
    auto global = plan.global_definitions.find(name);
    if (global == plan.global_definitions.end()) continue;
    pending.insert(pending.end(), global->second.depends_on.begin(), global->second.depends_on.end());
  }
  return all;
}

template <typename Item>
void sort_by_place(std::vector<Item>& items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.lines.first < b.lines.first; });
}

void add_sources(const std::map<std::string, OutlineNeed>& needs, std::set<std::string>& seen,
                 std::vector<OutlineSource>& sources) {
  for (const auto& [name, need] : needs) {
    if (seen.insert(name).second) sources.push_back({name, need.required, need.lines});
  }
}

class Collector {
 public:
  explicit Collector(const Lowering& lowering) : lowering_(lowering), plan_(lowering.plan()) {}

  // Depth first, the stage itself before what it is built from.
  Outline collect() {
    const PlanStage& target = plan_.stages[static_cast<std::size_t>(plan_.target)];
    outline_.name = target.header.name;
    outline_.description = target.header.description;
    std::vector<int> pending = {plan_.target};
    std::vector<bool> visited(plan_.stages.size(), false);
    while (!pending.empty()) {
      auto index = static_cast<std::size_t>(pending.back());
      pending.pop_back();
      if (visited[index]) continue;
      visited[index] = true;
      add(index);
      const PlanStage& stage = plan_.stages[index];
      pending.insert(pending.end(), stage.depends_on.rbegin(), stage.depends_on.rend());
      if (stage.base != kNoStage) pending.push_back(stage.base);
    }
    std::stable_sort(args_.begin(), args_.end(), [](const ArgInfo* a, const ArgInfo* b) {
      return std::pair(a->lines.first, a->position) < std::pair(b->lines.first, b->position);
    });
    for (const ArgInfo* info : args_) {
      const ArgDefinition& definition = info->definition;
      outline_.args.push_back({definition.key, info->value, definition.description, info->lines});
    }
    sort_by_place(outline_.secrets);
    sort_by_place(outline_.ssh);
    return std::move(outline_);
  }

 private:
  void add(std::size_t index) {
    const OutlineCapture& capture = lowering_.outlines()[index];
    std::set<std::string> used = capture.used;
    used.insert(plan_.stages[index].used_args.begin(), plan_.stages[index].used_args.end());
    for (const std::string& name : with_dependencies(used, plan_, capture)) {
      const ArgInfo* info = nullptr;
      if (auto own = capture.definitions.find(name); own != capture.definitions.end()) {
        info = &own->second;
      } else if (auto global = plan_.global_definitions.find(name);
                 global != plan_.global_definitions.end()) {
        info = &global->second;
      }
      if (info == nullptr || !seen_args_.insert(name).second) continue;
      args_.push_back(info);
    }
    add_sources(capture.secrets, seen_secrets_, outline_.secrets);
    add_sources(capture.ssh, seen_ssh_, outline_.ssh);
  }

  const Lowering& lowering_;
  const Plan& plan_;
  Outline outline_;
  std::vector<const ArgInfo*> args_;
  std::set<std::string> seen_args_;
  std::set<std::string> seen_secrets_;
  std::set<std::string> seen_ssh_;
};

}  // namespace

std::vector<Target> list_targets(const Ast& ast) {
  std::vector<Target> targets;
  for (const Stage& stage : read_program(ast, nullptr).stages) {
    const From& from = stage.header();
    targets.push_back({from.name, from.description, from.base, from.platform, stage.from.lines, false});
  }
  if (!targets.empty()) targets.back().is_default = true;
  return targets;
}

Outline outline(const Plan& plan, const FrontendInput& input, ImageResolver& resolver) {
  graph::Definition definition;
  Lowering lowering(plan, input, definition);
  lowering.run(resolver);
  return Collector(lowering).collect();
}

}  // namespace cooper::dockerfile
