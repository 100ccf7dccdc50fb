// Files on disk, as rows describe them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cooper::conformance {

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content, unsigned mode);

// A directory that is removed with everything in it.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::string& name);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Makes one entry of a context {type, path, mode, text|tar|gzip, target} beneath `directory`.
void make_entry(const std::string& directory, const nlohmann::json& entry, const std::string& content);

}  // namespace cooper::conformance
