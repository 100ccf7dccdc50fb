// What `cooper ci` is going to build, before anything is built: the CI, the record, and for each image all
// options with who gave them.
#pragma once

#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "adapters/project_file.h"

namespace cooper::adapters {

struct CiRequest {
  std::string ci = "auto";             // --ci
  std::string project;                 // --project, else $COOPER_PROJECT, else .cooper.yml where it is
  std::vector<std::string> images;     // --image, else $COOPER_IMAGES: only these
  std::string image_base;              // --image-base
  bool no_push = false;                // --no-push
  std::vector<std::string> arguments;  // flags of `cooper build`
};

struct PlannedImage {
  std::string name;
  std::vector<Option> options;
};

struct CiPlan {
  const Adapter* adapter = nullptr;  // null outside of any CI that is known
  Record record;
  std::vector<PlannedImage> images;
  std::vector<std::string> notes;  // what was left out, and why
};

// Throws Error{kUsage} naming the variable, flag or line that is wrong; `plan` then has what was found
// before, so that the CI hears of it.
void plan_ci(const CiRequest& request, const Job& job, CiPlan& plan);

}  // namespace cooper::adapters
