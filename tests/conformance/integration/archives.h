// Tars in memory, written and read with libarchive and not with the product's own code: what the product
// writes is judged by another reader.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cooper::conformance {

struct TarMember {
  std::string path;  // with one leading slash, without trailing ones: "/etc/passwd"
  std::string type;  // file, dir, symlink, hardlink, char, block, fifo
  std::uint32_t mode = 0;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t mtime = 0;
  std::string target;
  std::string content;
  std::map<std::string, std::string> xattrs;
};

// Of a tar, alone or compressed in any way that layers are. Throws std::runtime_error.
std::vector<TarMember> read_tar(const std::string& bytes);

// `members`: the data's [{name, type, mode, content, target, mtime}].
std::string write_tar(const nlohmann::json& members, bool gzip);

// The bytes of a row's file: its "text", "tar" or "gzip". Throws std::runtime_error for computed ones.
std::string content_of(const nlohmann::json& entry);
bool is_computed(const nlohmann::json& entry);

}  // namespace cooper::conformance
