// Jobs for tests: an adapter, its environment, and what it makes of it.
#pragma once

#include <map>
#include <string>

#include "adapters/adapter.h"
#include "adapters/normalize.h"
#include "support/error_of.h"

namespace cooper::adapters {

using Environment = std::map<std::string, std::string>;

inline const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";

inline Job job_of(const Environment& environment, const std::map<std::string, std::string>& files = {}) {
  return {Variables(environment), [files](const std::string& path) -> std::optional<std::string> {
            auto found = files.find(path);
            return found == files.end() ? std::nullopt : std::optional(found->second);
          }};
}

inline const Adapter& adapter_of(const std::string& name) {
  return *choose_adapter(name, Variables({}));
}

inline Record read_record(const std::string& ci, const Environment& environment) {
  return adapter_of(ci).read(job_of(environment));
}

// Message and hint.
inline std::string refusal(const std::string& ci, const Environment& environment) {
  const base::Error error = support::error_of([&] { read_record(ci, environment); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  return error.message() + " | " + error.hint();
}

inline const OutputFile* find_output(const std::vector<OutputFile>& files, const std::string& path) {
  for (const OutputFile& file : files) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

// One pushed image.
inline ImageResult image_result(const std::string& name = "") {
  ImageResult image;
  image.name = name;
  const std::string repository = "registry.example.com:5000/group/app" + (name.empty() ? "" : "/" + name);
  image.references = {repository + ":sha-0123456789ab", repository + ":main", repository + ":latest"};
  image.digest = "sha256:" + std::string(64, 'a');
  image.steps_run = 2;
  image.steps_cached = 3;
  image.seconds = 1.5;
  image.size = 1000;
  return image;
}

inline Results results_of(std::vector<ImageResult> images, const std::string& failure = "") {
  Results results;
  results.images = std::move(images);
  results.succeeded = failure.empty();
  results.failure = failure;
  return results;
}

}  // namespace cooper::adapters
