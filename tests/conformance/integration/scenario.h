// The rows of the data in one form: a scenario is a list of steps that share a registry, servers and a store.
//
// simple_builds.json has single builds, of which those of one test follow one another in one store;
// cases.json has scenarios as such. Steps are the data's own, see its README; those of single builds are made
// from the row, and what a row does not say (the routes of its HTTP server, other local contexts) is taken
// from the case of the same name.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cooper::conformance {

struct Scenario {
  std::string set;   // "SimpleBuilds" or "Cases"
  std::string name;  // testCopyHeredoc
  std::vector<nlohmann::json> steps;
  // The names that are counted: the rows of a test, or the one case.
  std::vector<std::string> rows;
};

// Both sets; empty where the data is absent. Cases of tier C are for reading only and left out.
std::vector<Scenario> load_scenarios();

}  // namespace cooper::conformance
