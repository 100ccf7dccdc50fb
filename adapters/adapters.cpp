#include <fmt/format.h>

#include "adapters/adapter.h"
#include "adapters/circleci/adapter.h"
#include "adapters/cloudbuild/adapter.h"
#include "adapters/codebuild/adapter.h"
#include "adapters/gitlab/adapter.h"
#include "adapters/jenkins/adapter.h"
#include "base/error.h"
#include "base/text.h"

namespace cooper::adapters {
namespace {

// Those with a variable of their own first; a job of Jenkins may have been given any other's variables.
std::vector<std::unique_ptr<Adapter>> make_adapters() {
  std::vector<std::unique_ptr<Adapter>> adapters;
  adapters.push_back(std::make_unique<GitLabAdapter>());
  adapters.push_back(std::make_unique<CircleCiAdapter>());
  adapters.push_back(std::make_unique<CodeBuildAdapter>());
  adapters.push_back(std::make_unique<CloudBuildAdapter>());
  adapters.push_back(std::make_unique<JenkinsAdapter>());
  return adapters;
}

}  // namespace

const std::vector<std::unique_ptr<Adapter>>& all_adapters() {
  static const std::vector<std::unique_ptr<Adapter>> kAdapters = make_adapters();
  return kAdapters;
}

const Adapter* choose_adapter(const std::string& name, const Variables& variables) {
  std::vector<std::string> names = {"auto"};
  for (const auto& adapter : all_adapters()) {
    const bool is_chosen = name == "auto" ? adapter->detects(variables) : adapter->name() == name;
    if (is_chosen) return adapter.get();
    names.emplace_back(adapter->name());
  }
  if (name == "auto") return nullptr;
  const std::string nearest = base::nearest(name, names);
  throw base::Error(base::ErrorKind::kUsage, fmt::format("--ci '{}' is no CI system that cooper knows", name))
      .hint(nearest.empty() ? "choose among " + base::join(names, ", ")
                            : fmt::format("did you mean {}?", nearest));
}

}  // namespace cooper::adapters
