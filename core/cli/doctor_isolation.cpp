#include "cli/doctor_isolation.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <set>

namespace cooper::cli {

namespace {

using sandbox::Tier;

// Who starts the container, by a variable that only it sets, and what of it gives steps their own mounts.
struct Platform {
  const char* name;
  const char* variable;
  const char* setting;
};

constexpr std::array<Platform, 9> kPlatforms = {{
    {"GitLab Runner, Docker executor", "GITLAB_CI", "config.toml: [runners.docker] privileged = true"},
    {"GitLab Runner, Kubernetes executor", "GITLAB_CI",
     "config.toml: [runners.kubernetes] privileged = true"},
    {"AWS CodeBuild", "CODEBUILD_BUILD_ID", "the project's environment: privilegedMode: true"},
    {"CircleCI", "CIRCLECI", "the job: machine: {image: ubuntu-2404:current} instead of docker:"},
    {"Jenkins, Docker agent", "JENKINS_URL", "agent { docker { args '--privileged' } }"},
    {"Jenkins, Kubernetes agent", "JENKINS_URL", "the container in the pod template: privileged: true"},
    {"Kubernetes", "KUBERNETES_SERVICE_HOST",
     "the pod: hostUsers: false, and for cooper's container seccompProfile: {type: Unconfined}; or "
     "privileged: true"},
    {"Docker or Podman", nullptr,
     "run --security-opt seccomp=unconfined --security-opt apparmor=unconfined; or run --privileged"},
    {"a virtual machine or a laptop", nullptr,
     "install newuidmap (package uidmap), and give the user a range in /etc/subuid and /etc/subgid"},
}};

const char* description(Tier tier) {
  switch (tier) {
    case Tier::kPrivileged:
      return "namespaces and mounts, as root";
    case Tier::kUserNamespace:
      return "namespaces and mounts, as any user";
    case Tier::kSingleIdUserNamespace:
      return "namespaces, as any user, without mounts";
    case Tier::kEmulatedRoot:
      return "as root, without mounts and namespaces";
    case Tier::kEmulated:
      return "as any user, without mounts and namespaces";
    case Tier::kNone:
      return "";
  }
  return "";
}

const char* meaning(Tier tier) {
  switch (tier) {
    case Tier::kPrivileged:
    case Tier::kUserNamespace:
      return "each step has namespaces and mounts of its own, and sees nothing of this machine";
    case Tier::kSingleIdUserNamespace:
      return "each step has namespaces of its own; paths are translated within its processes, and owners "
             "kept in "
             "a table";
    case Tier::kEmulatedRoot:
    case Tier::kEmulated:
      return "no mounts and no namespaces: paths are translated within each process of a step. The "
             "container\n"
             "around cooper is what keeps steps in. Not possible: --security=insecure, mount(8), ports below "
             "1024\n"
             "where the container forbids them";
    case Tier::kNone:
      return "";
  }
  return "";
}

bool has_namespaces(Tier tier) {
  return tier == Tier::kPrivileged || tier == Tier::kUserNamespace;
}

// `known`: the remedies that were printed already.
std::string render_step(const sandbox::ProbeStep& step, std::set<std::string>& known) {
  std::string text = fmt::format("       {}{}: {}\n", step.ok ? "" : "missing: ", step.what, step.detail);
  if (step.remedy.empty()) return text;
  return text +
         fmt::format("       to allow it: {}\n", known.insert(step.remedy).second ? step.remedy : "as above");
}

std::string render_settings(const Environment& environment) {
  const auto is_here = [&](const Platform& platform) {
    return platform.variable != nullptr && !environment.get(platform.variable).empty();
  };
  const bool known = std::any_of(kPlatforms.begin(), kPlatforms.end(), is_here);
  std::string text = "\nWhat gives steps namespaces and mounts of their own:\n";
  for (const auto& platform : kPlatforms) {
    if (!known || is_here(platform)) text += fmt::format("  {}\n      {}\n", platform.name, platform.setting);
  }
  return text;
}

}  // namespace

const sandbox::TierReport* chosen_tier(const std::vector<sandbox::TierReport>& reports) {
  const auto found = std::find_if(reports.begin(), reports.end(),
                                  [](const sandbox::TierReport& report) { return report.works; });
  return found == reports.end() ? nullptr : &*found;
}

std::string render_tiers(const std::vector<sandbox::TierReport>& reports) {
  std::string text;
  std::set<std::string> known;
  for (const auto& report : reports) {
    text += fmt::format("{:<4} {:<14} {}\n", report.works ? "yes" : "no", sandbox::tier_name(report.tier),
                        description(report.tier));
    for (const auto& step : report.steps) {
      // What simply works would only hide what does not.
      if (!step.ok || (report.works && step.what != "work directory" && !step.detail.empty()))
        text += render_step(step, known);
    }
  }
  return text;
}

std::string render_choice(const std::vector<sandbox::TierReport>& reports, const Environment& environment) {
  const auto* chosen = chosen_tier(reports);
  if (chosen == nullptr) {
    return "RUN steps are not possible here; builds without RUN work.\n" + render_settings(environment);
  }
  std::string text =
      fmt::format("RUN steps use: {}\n{}\n", sandbox::tier_name(chosen->tier), meaning(chosen->tier));
  if (!has_namespaces(chosen->tier)) text += render_settings(environment);
  return text;
}

}  // namespace cooper::cli
