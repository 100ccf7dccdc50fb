// The long-lived things that builds work with: made once by the command line, shared by every build of the
// process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/events.h"
#include "dockerfile/lint.h"
#include "net/http.h"
#include "ops/step_flights.h"
#include "registry/client.h"
#include "sandbox/launcher.h"
#include "sandbox/tier.h"
#include "snapshot/layer_store.h"
#include "store/store.h"

namespace cooper::build {

// Given a lint finding and the file that its lines are of. May be empty.
using FindingSink = std::function<void(const std::string& file, const dockerfile::LintWarning& warning)>;

struct Toolbox {
  std::shared_ptr<store::Store> store;
  snapshot::Form form = snapshot::Form::kReal;
  sandbox::Tier tier = sandbox::Tier::kNone;
  sandbox::Launcher* launcher = nullptr;  // of that tier; null where RUN is not possible
  std::string no_launcher_reason;
  std::shared_ptr<net::HttpClient> http;
  std::shared_ptr<registry::Client> registry;
  std::shared_ptr<registry::Client> cache_registry;  // for caches: less patient, as these can be done without
  std::map<std::string, std::string> environment;    // where clouds say who we are
  base::EventSink* events = nullptr;
  ops::StepFlights* flights = nullptr;  // shared with the other builds of this process; null: there are none
  // Each lint finding once, as it is made: also those of a build that then fails.
  FindingSink on_finding;
  // OCI image layouts that may have what base images consist of: looked into before registries are asked.
  std::vector<std::string> warm_layouts;
  // Hears what would be done, instead of anything being done. May be empty.
  std::function<void(const std::string& plan)> on_plan;
  bool explain = false;     // say why each step was not answered from the cache
  int standard_input = 0;   // for the context -, and -f -
  int standard_output = 1;  // for outputs with dest=-
  // Hears the Dockerfile once it was found, wherever it came from: for excerpts around errors. May be empty.
  std::function<void(const std::string& name, const std::string& text)> on_dockerfile;
};

}  // namespace cooper::build
