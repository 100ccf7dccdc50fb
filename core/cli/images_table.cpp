#include "cli/images_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/flag_values.h"
#include "cli/go_template.h"
#include "cli/json_text.h"
#include "cli/store_table.h"
#include "oci/image_config.h"
#include "oci/reference.h"
#include "report/table.h"

namespace cooper::cli {

namespace {

using Images = std::vector<transfer::StoredImage>;
using Row = std::vector<std::string>;

constexpr const char* kNone = "<none>";
constexpr std::int64_t kSecond = 1'000'000'000;

bool matches(const std::string& pattern, const transfer::StoredImage& image) {
  if (image.repository.empty()) return false;
  auto is_match = [&](const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PATHNAME) == 0;
  };
  const std::string tagged = image.repository + ":" + image.tag;
  return is_match(image.repository) || is_match(tagged) || is_match(image.name);
}

void filter(Images& images, const std::string& text) {
  auto [key, value] = parse_key_value(text, "--filter");
  if (key == "reference") {
    std::erase_if(images, [pattern = value](const auto& image) { return !matches(pattern, image); });
  } else if (key == "dangling") {
    const bool wanted = value == "true" || value == "1";
    std::erase_if(images, [&](const auto& image) { return image.name.empty() != wanted; });
  } else {
    throw base::Error(base::ErrorKind::kUnsupported, fmt::format("--filter '{}' is not supported", text))
        .hint("use reference=PATTERN or dangling=true");
  }
}

Images chosen(const Images& all, const ImagesView& view) {
  Images images = all;
  const bool dangling = std::any_of(view.filters.begin(), view.filters.end(),
                                    [](const std::string& text) { return text.starts_with("dangling="); });
  if (!view.all && !dangling) std::erase_if(images, [](const auto& image) { return image.name.empty(); });
  if (!view.name.empty())
    std::erase_if(images, [&](const auto& image) { return !matches(view.name, image); });
  for (const std::string& text : view.filters) filter(images, text);
  return images;
}

std::string id_of(const transfer::StoredImage& image, const ImagesView& view) {
  return view.no_trunc ? image.target.digest.str() : image.target.digest.short_hex();
}

std::string or_none(const std::string& text) {
  return text.empty() ? kNone : text;
}

std::string age_of(const transfer::StoredImage& image, std::int64_t now) {
  return image.created ? human_age(*image.created * kSecond, now) : "-";
}

std::string size_of(const transfer::StoredImage& image) {
  return base::human_size(image.size) + (image.is_whole ? "" : ", incomplete");
}

// The fields that docker's formatter has, and platforms.
Json to_json(const transfer::StoredImage& image, const ImagesView& view, std::int64_t now) {
  return {{"Repository", or_none(image.repository)},
          {"Tag", or_none(image.tag)},
          {"ID", id_of(image, view)},
          {"Digest", image.target.digest.str()},
          {"CreatedSince", age_of(image, now)},
          {"CreatedAt", image.created ? oci::rfc3339(*image.created) : ""},
          {"Size", base::human_size(image.size)},
          {"Bytes", image.size},
          {"Platforms", image.platforms}};
}

Row header(const ImagesView& view) {
  Row row = {"REPOSITORY", "TAG"};
  if (view.digests) row.emplace_back("DIGEST");
  for (const char* title : {"IMAGE ID", "PLATFORM", "CREATED", "SIZE"}) row.emplace_back(title);
  return row;
}

std::string render_as_table(const Images& images, const ImagesView& view, std::int64_t now) {
  std::vector<Row> rows = {header(view)};
  for (const transfer::StoredImage& image : images) {
    Row row = {or_none(image.repository), or_none(image.tag)};
    if (view.digests) row.push_back(image.target.digest.str());
    row.push_back(id_of(image, view));
    row.push_back(image.platforms.empty() ? "-" : base::join(image.platforms, ","));
    row.push_back(age_of(image, now));
    row.push_back(size_of(image));
    rows.push_back(std::move(row));
  }
  return report::render_table(rows);
}

}  // namespace

std::string render_images(const std::vector<transfer::StoredImage>& all, const ImagesView& view,
                          std::int64_t now) {
  const Images images = chosen(all, view);
  std::string text;
  if (view.quiet) {
    for (const transfer::StoredImage& image : images) text += id_of(image, view) + "\n";
    return text;
  }
  if (view.format.empty() || view.format == "table") return render_as_table(images, view, now);
  for (const transfer::StoredImage& image : images) {
    const std::string json = json_text(to_json(image, view, now));
    text += (view.format == "json" ? json : render_template(view.format, json, "--format")) + "\n";
  }
  return text;
}

}  // namespace cooper::cli
