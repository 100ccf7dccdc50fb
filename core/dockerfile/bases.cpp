// Base images that cannot be had: which line asked for them, and what was probably meant.
#include <fmt/format.h>

#include "dockerfile/lowering.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

// What `base` may be a slip of: one of `names`, which are stages, or an image that everybody uses.
std::string near_image(const std::string& base, std::vector<std::string> names) {
  static const std::vector<std::string> kPopular = {
      "alpine", "amazonlinux", "archlinux", "busybox", "centos", "composer", "debian",   "eclipse-temurin",
      "elixir", "fedora",      "golang",    "gradle",  "httpd",  "maven",    "mariadb",  "mongo",
      "mysql",  "nginx",       "node",      "openjdk", "perl",   "php",      "postgres", "python",
      "redis",  "rockylinux",  "ruby",      "rust",    "swift",  "traefik",  "ubuntu"};
  names.insert(names.end(), kPopular.begin(), kPopular.end());
  return suggest(base.substr(0, base.find_first_of(":@")), names, true);
}

}  // namespace

std::string reason_of(const base::Error& error) {
  constexpr std::string_view kEnd = "': ";
  std::size_t end = error.message().find(kEnd);
  return end == std::string::npos ? error.message() : error.message().substr(end + kEnd.size());
}

std::vector<ResolvedImage> Lowering::resolve_bases(ImageResolver& resolver,
                                                   const std::vector<BaseRequest>& requests) const {
  try {
    return resolver.resolve_all(requests);
  } catch (base::Error& error) {
    if (!error.range()) throw;
    Lines lines{error.range()->start_line, error.range()->end_line};
    std::vector<std::string> names;
    std::string base;
    for (const PlanStage& stage : plan_.stages) {
      if (!stage.header.name.empty()) names.push_back(stage.header.name);
      // One RUN may mount from several images: rather the one that the error speaks of.
      bool is_named = error.message().find(stage.header.base) != std::string::npos;
      if (stage.lines == lines && (base.empty() || is_named)) base = stage.header.base;
    }
    bool unknown = error.kind() == base::ErrorKind::kRegistry || error.kind() == base::ErrorKind::kAuth;
    std::string near = unknown ? near_image(base, std::move(names)) : "";
    if (!near.empty()) error.hint(fmt::format("did you mean '{}'?", near));
    throw located(error, *plan_.source, lines, base);
  }
}

std::vector<ResolvedImage> ImageResolver::resolve_all(const std::vector<BaseRequest>& requests) {
  std::vector<ResolvedImage> images;
  images.reserve(requests.size());
  for (const BaseRequest& request : requests) {
    try {
      images.push_back(resolve(request.reference, request.platform));
    } catch (base::Error& error) {
      throw asked_by(request, error);
    }
  }
  return images;
}

base::Error asked_by(const BaseRequest& request, base::Error error) {
  base::SourceRange range;
  range.start_line = request.lines.first;
  range.end_line = request.lines.last;
  if (!error.range() && request.lines.first > 0) error.at(range);
  return error;
}

}  // namespace cooper::dockerfile
