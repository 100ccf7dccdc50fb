// .cooper.yml: what a repository builds, said once for every CI. Documented in docs/project-file.md; a JSON
// schema is in docs/cooper.schema.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/normalize.h"
#include "adapters/option.h"
#include "adapters/record.h"

namespace cooper::adapters {

struct ProjectImage {
  std::string name;             // "" for the only one
  std::string suffix;           // behind the record's image base: "/api"
  std::string image;            // a base of its own instead, "" for none
  std::string image_origin;     // where that was said
  std::vector<Option> options;  // with the line they are from
};

struct ProjectFile {
  std::string path;  // as people know it
  TagPolicy tags;
  std::vector<ProjectImage> images;  // in the file's order; at least one
};

// The keys that the reader knows: what docs/cooper.schema.json says to editors.
struct ProjectKeys {
  std::vector<std::string> file;  // at the top, besides an image's
  std::vector<std::string> image;
  std::vector<std::string> policy;
  std::vector<std::string> cache;
};
ProjectKeys known_project_keys();

// Throws Error{kUsage} with "path:line:column", naming the key or the value that is wrong.
ProjectFile parse_project_file(const std::string& text, const std::string& path);

// What the file of an untrusted ref may not say is taken out of it: names to push to, caches, secrets, ssh
// keys, entitlements. Returns one line for each, naming where it was said.
std::vector<std::string> drop_what_needs_trust(ProjectFile& file, const Record& record);

}  // namespace cooper::adapters
