// The answers of --call as text for people and as JSON for programs.
//
// The text says what buildx says; the JSON has the fields of BuildKit's lint, outline and targets requests,
// so that what reads those reads this. Everything here is data in, text out.
#pragma once

#include <string>
#include <vector>

#include "dockerfile/frontend.h"
#include "dockerfile/outline.h"

namespace cooper::report {

// The Dockerfile that an answer speaks of.
struct CallSource {
  std::string filename;  // a path, as the user knows it
  std::string text;
};

// Count, then each finding with its rule's page and the lines it is about, in the file's order. What stopped
// the reading is not shown: it is an error like any other. "" when there is nothing but that.
std::string render_check(const dockerfile::CheckResult& result, const CallSource& source);
std::string render_outline(const dockerfile::Outline& outline);
// A target without a name is shown by its number, which --target takes as well.
std::string render_targets(const std::vector<dockerfile::Target>& targets);

// Each ends with a line break; the source goes along as base64.
std::string check_json(const dockerfile::CheckResult& result, const CallSource& source);
std::string outline_json(const dockerfile::Outline& outline, const CallSource& source);
std::string targets_json(const std::vector<dockerfile::Target>& targets, const CallSource& source);

}  // namespace cooper::report
