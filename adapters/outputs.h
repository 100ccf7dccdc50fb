// How results are written down for those who come after: variables, JSON, text for XML. Pure; which platform
// wants which is its adapter's business.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/adapter.h"

namespace cooper::adapters {

// The directory of a local cache. Where it has to be in the workspace (GitLab), what the build copies must
// leave it out.
constexpr const char* kLocalCache = ".cooper-cache";
// Where the store lies when it has to lie beside the sources, or among them.
constexpr const char* kStoreDirectory = ".cooper-store";
constexpr const char* kResultFile = "cooper-result.json";

using OutputVariables = std::vector<std::pair<std::string, std::string>>;

// COOPER_IMAGE, COOPER_DIGEST, COOPER_IMAGE_REF, COOPER_TAGS of the first image; then, when images have
// names, COOPER_<NAME>_IMAGE and so on of each. What is empty is left out.
OutputVariables output_variables(const Results& results);

// A text that had to be cut to a limit.
struct Rendered {
  std::string text;
  std::size_t left_out = 0;  // variables
  std::size_t total = 0;
  // "", or "; 3 of 24 left out".
  std::string note() const;
};
// "NAME=value" a line, as GitLab reads dotenv reports: no quotes, no comments, no line breaks in values. Of
// what exceeds `bytes` or `variables` the last are left out.
Rendered render_dotenv(const OutputVariables& variables, std::size_t bytes, std::size_t variables_limit);

// "export NAME='value'" a line, for any POSIX shell to source.
std::string render_exports(const OutputVariables& variables);

// "registry.example.com/app@sha256:…"; "" for an image that was not pushed.
std::string reference_with_digest(const ImageResult& image);

// cooper-result.json: {"succeeded", "failure"?, "images": [{"name", "references", "digest", "platforms",
// "steps_run", "steps_cached", "seconds", "size"}], "steps"?: [{"name", "status", "seconds", "image"?,
// "cache"?, "error"?}]}.
std::string result_json(const Results& results);
// The file that all platforms get: results.result_json, or else result_json().
OutputFile result_file(const Results& results);

// One JSON object of at most `limit` bytes: first the digest of the first image, then its name, whether all
// succeeded, the other images, and its tags, as far as they fit.
std::string short_result_json(const Results& results, std::size_t limit);

// Text and attribute values of XML 1.0: escaped, without the characters that it cannot have.
std::string xml_text(std::string_view text);

}  // namespace cooper::adapters
