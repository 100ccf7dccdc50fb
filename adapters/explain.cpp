#include "adapters/explain.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "adapters/ci_options.h"
#include "cli/network.h"
#include "oci/reference.h"
#include "report/table.h"

namespace cooper::adapters {

namespace {

using Rows = std::vector<std::vector<std::string>>;

// Where images are pushed and caches kept.
std::set<std::string> repositories(const CiPlan& plan) {
  std::set<std::string> names;
  for (const PlannedImage& image : plan.images) {
    for (const Option& option : image.options) {
      if (option.flag == "--tag") names.insert(oci::Reference::parse(option.value).name());
    }
  }
  return names;
}

std::string credentials_text(const CiPlan& plan, const cli::Environment& environment) {
  std::string text;
  const cli::Network network = cli::open_network(environment, {}, {});
  for (const std::string& name : repositories(plan)) {
    const oci::Reference reference = oci::Reference::parse(name);
    const registry::CredentialSearch search =
        network.credentials->find(reference.host, reference.repository, {});
    text += fmt::format("\ncredentials for {}:\n", name);
    for (const std::string& line : search.tried) text += fmt::format("  no   {}\n", line);
    if (!search.found) {
      text += "  no   none: requests are anonymous\n";
    } else if (search.found->username.empty()) {
      text += fmt::format("  yes  a token of {}\n", search.found->source);
    } else {
      text += fmt::format("  yes  user '{}' of {}\n", search.found->username, search.found->source);
    }
  }
  return text;
}

}  // namespace

std::string explain_text(const CiPlan& plan, const cli::Environment& environment) {
  std::string text = plan.adapter == nullptr ? std::string("no CI that is known (choose one with --ci)\n")
                                             : fmt::format("CI: {}\n", plan.adapter->name());
  for (const std::string& note : plan.notes) text += fmt::format("note: {}\n", note);
  for (const PlannedImage& image : plan.images) {
    Rows rows = {{"OPTION", "VALUE", "FROM"}};
    for (const Option& option : image.options) rows.push_back({option.flag, option.value, option.origin});
    if (!image.name.empty()) text += fmt::format("\nimage {}:", image.name);
    text += "\n" + report::render_table(rows);
  }
  return text + credentials_text(plan, environment);
}

std::string explain_json(const CiPlan& plan) {
  using Json = nlohmann::ordered_json;
  Json json{{"ci", plan.adapter == nullptr ? "" : std::string(plan.adapter->name())},
            {"notes", plan.notes},
            {"images", Json::array()}};
  for (const PlannedImage& image : plan.images) {
    Json options = Json::array();
    for (const Option& option : image.options)
      options.push_back({{"flag", option.flag}, {"value", option.value}, {"origin", option.origin}});
    json["images"].push_back({{"name", image.name}, {"options", std::move(options)}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cooper::adapters
