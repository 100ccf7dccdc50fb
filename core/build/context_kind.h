// What a user wrote as build context: a pure reading of the text, before anything is looked at.
#pragma once

#include <string>

namespace cooper::build {

struct WrittenContext {
  enum class Kind {
    kPath,       // a directory or a tar file
    kStdin,      // "-"
    kGit,        // `value` is a URL with fragment and query; "github.com/…" has got its https://
    kHttp,       // a tar or a Dockerfile
    kImage,      // docker-image://, `value` is the name
    kOciLayout,  // oci-layout://, `value` is the path with its tag or digest
  } kind = Kind::kPath;
  std::string value;
  // A git repository by its spelling, and a path just as well: what exists here is meant.
  bool may_be_path = false;
};

// Throws Error{kUsage} for what can be none: an empty text, a scheme that is not known, a bad git fragment.
WrittenContext read_context_text(const std::string& text);

}  // namespace cooper::build
