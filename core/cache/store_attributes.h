// The attributes of "--cache-to type=s3,bucket=…", checked against what a store knows. Private to cache's
// stores.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace cooper::cache {

class StoreAttributes final {
 public:
  using Attributes = std::map<std::string, std::string>;

  // `known`: what the store reads. `foreign`: what buildx has and this store has no use for → what to do
  // instead. Throws Error{kUsage} naming the first attribute that is foreign or in neither.
  StoreAttributes(std::string type, const Attributes& given, const std::vector<std::string>& known,
                  const Attributes& foreign);

  std::string text(const std::string& name, const std::string& fallback = "") const;
  // Throws Error{kUsage} when it is missing or empty; `example` completes the hint: "bucket=my-cache".
  std::string required(const std::string& name, const std::string& example) const;
  bool flag(const std::string& name) const;  // "true", "false", "1", "0"; false by default
  int number(const std::string& name, int fallback, int most) const;  // 1 and more
  // "prefix", as a folder: without slashes before it, one after it, "" for none.
  std::string prefix() const;
  // An http or https URL without slashes at its end, "" for none. Throws Error{kUsage} naming the attribute.
  std::string url(const std::string& name) const;

 private:
  const std::string type_;
  const Attributes given_;
};

}  // namespace cooper::cache
