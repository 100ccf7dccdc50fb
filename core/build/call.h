// What --call asks of a build instead of running it: lint findings, what a target can be given, or which
// targets there are. Another short list of passes; nothing is built, and of base images only manifest and
// config are fetched.
#pragma once

#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "build/request.h"
#include "build/toolbox.h"
#include "dockerfile/frontend.h"
#include "dockerfile/outline.h"

namespace cooper::build {

enum class CallMethod { kCheck, kOutline, kTargets };

struct CallAnswer {
  std::string filename;  // of the Dockerfile, for messages
  std::string text;      // of the Dockerfile
  std::variant<dockerfile::CheckResult, dockerfile::Outline, std::vector<dockerfile::Target>> answer;
};

// A check looks at every stage unless the request names a target, and once per platform; what stops the
// reading is part of its answer, a base image that cannot be had included, as with BuildKit: without its
// config the findings would be guesses. Otherwise throws base::Error.
CallAnswer run_call(CallMethod method, const BuildRequest& request, Toolbox& tools,
                    const std::stop_token& stop);

}  // namespace cooper::build
