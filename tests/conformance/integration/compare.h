// What differs between an image that the reference made and ours.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cooper::conformance {

struct Allowances {
  // Whether a file's content cannot be the recorded one: a time, random bytes, an archive of another writer.
  std::function<bool(const std::string& path, const std::string& sha256)> other_content;
  // Times of files are compared: the build rewrote them to one that the row names.
  bool file_times = false;
  bool image_time = false;
};

// One line per difference. `expected`: the data's images, attestations among them; `got`: of
// read_oci_archive().
std::vector<std::string> compare_images(const nlohmann::json& expected, const nlohmann::json& got,
                                        const Allowances& allowances);

}  // namespace cooper::conformance
