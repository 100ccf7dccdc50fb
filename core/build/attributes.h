// The attributes of one --output, --cache-from or --cache-to: read one at a time, and every one must be
// known.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "archive/compression.h"

namespace cooper::build {

class Attributes {
 public:
  // `what` names them in errors: "output type=oci".
  Attributes(std::string what, const std::map<std::string, std::string>& values)
      : what_(std::move(what)), values_(values) {}

  const std::string& what() const { return what_; }
  // Throws Error{kUsage} for any other.
  void allow_only(const std::set<std::string>& known) const;
  const std::string* find(const std::string& name) const;
  // "" when it is not there.
  std::string text(const std::string& name) const;
  // Throw Error{kUsage} naming the attribute for a value that is none.
  std::string required(const std::string& name) const;
  bool flag(const std::string& name, bool otherwise) const;
  std::int64_t number(const std::string& name, std::int64_t otherwise) const;
  // All but those in `names`.
  std::map<std::string, std::string> without(const std::set<std::string>& names) const;

 private:
  std::string what_;
  const std::map<std::string, std::string>& values_;
};

// compression= and compression-level=.
archive::CompressionOptions compression_options(const Attributes& attributes);

}  // namespace cooper::build
