// Plays the steps of one scenario against the program and says what differs from the reference.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scenario.h"
#include "workshop.h"

namespace cooper::conformance {

struct Outcome {
  // Row → differences, one line each; rows that matched are not in it.
  std::map<std::string, std::vector<std::string>> differences;
  // Row → why it could not be played.
  std::map<std::string, std::string> not_played;
};

Outcome play(const Scenario& scenario, const Workshop& workshop);

}  // namespace cooper::conformance
