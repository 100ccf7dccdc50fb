// The links that GitLab shows on a job's page: artifacts:reports:annotations.
#pragma once

#include <string>

#include "adapters/adapter.h"

namespace cooper::adapters {

// {"cooper": [{"external_link": {"label": "registry.example.com/app@sha256:…", "url": "https://…"}}]}: to the
// project's page of images where the image lies in its registry, else to the manifest.
std::string gitlab_annotations(const Record& record, const Results& results);

}  // namespace cooper::adapters
