#include "build/attributes.h"

#include <charconv>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::build {

using base::Error;
using base::ErrorKind;

void Attributes::allow_only(const std::set<std::string>& known) const {
  for (const auto& [name, value] : values_) {
    if (known.contains(name)) continue;
    throw Error(ErrorKind::kUsage, fmt::format("{} has no attribute '{}'", what_, name))
        .hint("choose among " + base::join({known.begin(), known.end()}, ", "));
  }
}

const std::string* Attributes::find(const std::string& name) const {
  auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::string Attributes::text(const std::string& name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string() : *value;
}

std::string Attributes::required(const std::string& name) const {
  const std::string* value = find(name);
  if (value != nullptr && !value->empty()) return *value;
  throw Error(ErrorKind::kUsage, fmt::format("{} needs {}=…", what_, name));
}

bool Attributes::flag(const std::string& name, bool otherwise) const {
  const std::string* value = find(name);
  if (value == nullptr) return otherwise;
  if (*value == "true" || *value == "1" || value->empty()) return true;
  if (*value == "false" || *value == "0") return false;
  throw Error(ErrorKind::kUsage, fmt::format("{}: {}={} is neither true nor false", what_, name, *value));
}

std::int64_t Attributes::number(const std::string& name, std::int64_t otherwise) const {
  const std::string* value = find(name);
  if (value == nullptr) return otherwise;
  std::int64_t parsed = 0;
  auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), parsed);
  if (error == std::errc() && end == value->data() + value->size()) return parsed;
  throw Error(ErrorKind::kUsage, fmt::format("{}: {}={} is not a number", what_, name, *value));
}

std::map<std::string, std::string> Attributes::without(const std::set<std::string>& names) const {
  std::map<std::string, std::string> rest;
  for (const auto& [name, value] : values_) {
    if (!names.contains(name)) rest.emplace(name, value);
  }
  return rest;
}

archive::CompressionOptions compression_options(const Attributes& attributes) {
  archive::CompressionOptions options;
  options.level = static_cast<int>(attributes.number("compression-level", options.level));
  const std::string* name = attributes.find("compression");
  if (name == nullptr || *name == "gzip") return options;
  if (*name == "zstd") {
    options.type = archive::Compression::kZstd;
  } else if (*name == "uncompressed") {
    options.type = archive::Compression::kNone;
  } else {
    throw Error(ErrorKind::kUsage, fmt::format("unknown compression '{}'", *name))
        .hint("choose among gzip, zstd, uncompressed");
  }
  return options;
}

}  // namespace cooper::build
