#include "adapters/ci_plan.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "adapters/cache_policy.h"
#include "adapters/ci_options.h"
#include "adapters/git_checkout.h"
#include "adapters/merge.h"
#include "adapters/store_place.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/environment.h"

namespace cooper::adapters {

namespace {

constexpr const char* kProjectFile = ".cooper.yml";

std::string below(const std::string& workspace, const std::string& path) {
  if (path.empty() || path.front() == '/' || path == "-" || path.find("://") != std::string::npos)
    return path;
  return path == "." ? workspace : workspace + "/" + path;
}

class Planner {
 public:
  Planner(const CiRequest& request, const Job& job, CiPlan& plan)
      : request_(request), job_(job), plan_(plan) {}

  void plan() {
    settle_workspace();  // results of a plan that fails go where we are
    plan_.adapter = choose_adapter(request_.ci, job_.variables);
    if (plan_.adapter != nullptr) plan_.record = plan_.adapter->read(job_);
    settle_workspace();
    fill_from_checkout(plan_.record);
    choose_image_base();
    ProjectFile project = read_project();
    for (std::string& line : drop_what_needs_trust(project, plan_.record))
      plan_.notes.push_back(std::move(line));
    project.tags.push_forks = is_said("COOPER_PUSH_FORKS");
    given_ = {options_of_arguments(request_.arguments), options_of_environment(job_.variables)};
    for (const ProjectImage& image : chosen(project)) plan_.images.push_back(plan_image(image, project.tags));
  }

 private:
  // Where the CI says nothing, or its usual place is not there (a step run by hand), it is where we are.
  void settle_workspace() {
    std::error_code none;
    std::string& workspace = plan_.record.workspace;
    if (!std::filesystem::is_directory(workspace, none)) workspace = std::filesystem::current_path(none);
  }

  // What a file of the repository must not say, for a fork brings its own.
  bool is_said(const std::string& variable) const {
    const std::string value = job_.variables.get(variable);
    if (value == "true" || value == "1") return true;
    if (value.empty() || value == "false" || value == "0") return false;
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("{} is neither true nor false: '{}'", variable, value))
        .hint("set it to true or false where the CI's variables are set");
  }

  void choose_image_base() {
    std::string base = request_.image_base;
    if (base.empty()) base = job_.variables.get("COOPER_IMAGE_BASE");
    if (!base.empty()) plan_.record.image_base = base::to_lower(base);
  }

  ProjectFile read_project() const {
    std::string name = request_.project;
    if (name.empty()) name = job_.variables.get("COOPER_PROJECT");
    const bool is_named = !name.empty();
    if (!is_named) name = kProjectFile;
    const std::string path = below(plan_.record.workspace, name);
    std::optional<std::string> text = job_.read_file(path);
    if (!text && is_named)
      throw base::Error(base::ErrorKind::kUsage, fmt::format("cannot read the project file '{}'", path));
    return parse_project_file(text.value_or(""), name);
  }

  std::vector<ProjectImage> chosen(const ProjectFile& project) const {
    std::vector<std::string> wanted = request_.images;
    if (wanted.empty()) wanted = items_of_variable(job_.variables, "COOPER_IMAGES");
    if (wanted.empty()) return project.images;
    std::vector<ProjectImage> images;
    for (const std::string& name : wanted) {
      auto found = std::find_if(project.images.begin(), project.images.end(),
                                [&](const ProjectImage& image) { return image.name == name; });
      if (found == project.images.end()) refuse_image(project, name);
      images.push_back(*found);
    }
    return images;
  }

  [[noreturn]] static void refuse_image(const ProjectFile& project, const std::string& name) {
    std::vector<std::string> names;
    for (const ProjectImage& image : project.images) {
      if (!image.name.empty()) names.push_back(image.name);
    }
    throw base::Error(base::ErrorKind::kUsage, fmt::format("{} has no image '{}'", project.path, name))
        .hint(names.empty() ? "add it below 'images:'" : "it has " + base::join(names, ", "));
  }

  // Names of files are the repository's; a tag without a host is one of the image.
  std::vector<Option> of_project(const ProjectImage& image, const std::string& base) const {
    std::vector<Option> options = image.options;
    for (Option& option : options) {
      if (option.flag == "context" || option.flag == "--file")
        option.value = below(plan_.record.workspace, option.value);
      const bool is_bare_tag =
          option.flag == "--tag" && option.value.find_first_of("/:") == std::string::npos;
      if (is_bare_tag && !base.empty()) option.value = base + ":" + option.value;
    }
    return options;
  }

  // Whether those who are asked before the CI want more than one.
  static bool has_several_platforms(const std::vector<std::vector<Option>>& sources) {
    std::size_t count = 0;
    for (const Option& option : merge_options(sources)) {
      if (option.flag == "--platform") count += 1 + std::count(option.value.begin(), option.value.end(), ',');
    }
    return count > 1;
  }

  PlannedImage plan_image(const ProjectImage& image, const TagPolicy& policy) {
    Record record = plan_.record;
    std::string suffix = image.suffix;
    if (!image.image.empty()) {
      record.image_base = image.image;
      suffix.clear();
    }
    const std::string base = record.image_base.empty() ? "" : record.image_base + suffix;
    std::vector<std::vector<Option>> sources = given_;
    sources.push_back(of_project(image, base));
    if (const std::string place = job_.variables.get("COOPER_CACHE"); !place.empty())
      sources.push_back(cache_options(record, {place, place, "$COOPER_CACHE"}));
    sources.push_back(default_options(record, policy, suffix, has_several_platforms(sources)));
    if (!job_.variables.has("COOPER_STORE")) {
      const std::string usual = cli::Environment(job_.variables.all()).default_store();
      if (auto store = store_beside_sources(usual, plan_.record.workspace)) sources.push_back({*store});
    }
    // The platform's own authority, which its registry's certificate is signed by.
    if (!record.ca_file.empty() && !job_.variables.has("COOPER_REGISTRY_CA"))
      sources.push_back({{"--registry-ca", record.ca_file, record.origins["ca_file"]}});
    if (plan_.adapter != nullptr && base.empty()) sources.push_back(plan_.adapter->own_cache(job_, record));
    PlannedImage planned{image.name, merge_options(sources)};
    settle_push(planned);
    return planned;
  }

  void settle_push(PlannedImage& planned) {
    auto is_push = [](const Option& option) { return option.flag == "--push"; };
    if (request_.no_push) std::erase_if(planned.options, is_push);
    const bool pushes = std::any_of(planned.options.begin(), planned.options.end(), is_push);
    const bool is_named = std::any_of(planned.options.begin(), planned.options.end(),
                                      [](const Option& option) { return option.flag == "--tag"; });
    if (pushes && !is_named) {
      throw base::Error(base::ErrorKind::kUsage, "the image has no name to be pushed under")
          .hint("set COOPER_IMAGE_BASE, or 'image:' in .cooper.yml, to HOST/REPOSITORY");
    }
    if (is_named || request_.no_push) return;
    if (plan_.record.image_base.empty()) {
      plan_.notes.push_back("the CI names no registry: nothing is pushed (set COOPER_IMAGE_BASE)");
    } else if (plan_.record.commit.empty()) {
      plan_.notes.push_back("neither the CI nor the checkout names a commit: nothing is pushed (give --tag)");
    }
  }

  const CiRequest& request_;
  const Job& job_;
  CiPlan& plan_;
  std::vector<std::vector<Option>> given_;
};

}  // namespace

void plan_ci(const CiRequest& request, const Job& job, CiPlan& plan) {
  Planner(request, job, plan).plan();
}

}  // namespace cooper::adapters
