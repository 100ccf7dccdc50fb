#include "dockerfile/syntax.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string_view>

#include "oci/reference.h"

namespace cooper::dockerfile {

namespace {

// "1", "1.7", "1.7.0-labs": version 1 and what it was released as.
bool is_version_one(std::string_view tag) {
  return tag == "1" || tag.substr(0, 2) == "1." || tag.substr(0, 2) == "1-";
}

// Tags that name no version: the newest, or one with features that have long become part of the language.
bool is_moving(std::string_view tag) {
  constexpr std::array<std::string_view, 6> kMoving = {"",       "latest",     "labs", "experimental",
                                                       "master", "master-labs"};
  return std::find(kMoving.begin(), kMoving.end(), tag) != kMoving.end();
}

bool is_built_in(const std::string& text) {
  std::optional<oci::Reference> reference;
  try {
    reference = oci::Reference::parse(text);
  } catch (const base::Error&) {
    return false;
  }
  bool is_ours = reference->name() == "docker.io/docker/dockerfile" ||
                 reference->name() == "docker.io/docker/dockerfile-upstream";
  return is_ours && (is_version_one(reference->tag) || is_moving(reference->tag));
}

base::Error refusal(const std::string& reference) {
  return base::Error(base::ErrorKind::kUnsupported,
                     fmt::format("frontend '{}' is not docker/dockerfile:1, which is built in", reference))
      .hint("remove it, or pass --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1 if the file is a Dockerfile");
}

}  // namespace

std::string accept_frontend(const Source& source, const std::map<std::string, std::string>& build_args) {
  auto given = build_args.find("BUILDKIT_SYNTAX");
  if (given != build_args.end() && !given->second.empty()) {
    std::string reference = given->second.substr(0, given->second.find(' '));
    if (is_built_in(reference)) return reference;
    throw refusal(reference).context("--build-arg BUILDKIT_SYNTAX");
  }
  SyntaxRequest request = detect_syntax(source.text);
  if (request.reference.empty() || is_built_in(request.reference)) return request.reference;
  int line = std::max(request.line, 1);  // the JSON form has no line of its own
  throw located(refusal(request.reference), source, {line, line});
}

}  // namespace cooper::dockerfile
