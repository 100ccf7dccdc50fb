// Values of flags as buildx reads them: what each is split into, or that it is refused.
#include <gtest/gtest.h>
#include <map>

#include "base/error.h"
#include "cli/flag_values.h"
#include "conformance_data.h"

namespace cooper::conformance {
namespace {

using nlohmann::json;

// Rows of these flags belong to later work.
const std::vector<std::string> kLater = {"attest"};

// All values of one row → what the reference prints for them.
using Reader = json (*)(const std::vector<std::string>& values);

json read_outputs(const std::vector<std::string>& values) {
  json list = json::array();
  for (const std::string& value : values) {
    auto output = cli::parse_output(value);
    if (!output) continue;
    json item = output->attributes;
    item["type"] = output->type;
    list.push_back(std::move(item));
  }
  return list;
}

json read_caches(const std::vector<std::string>& values) {
  json list = json::array();
  for (const std::string& value : values) {
    auto place = cli::parse_cache_place(value, "--cache-from");
    if (!place) continue;
    json item = place->attributes;
    item["type"] = place->type;
    list.push_back(std::move(item));
  }
  return list;
}

json read_secrets(const std::vector<std::string>& values) {
  json list = json::array();
  for (const std::string& value : values) {
    auto secret = cli::parse_secret(value);
    if (!secret) continue;
    json item = json::object();
    if (!secret->id.empty()) item["id"] = secret->id;
    if (!secret->file.empty()) item["src"] = secret->file;
    if (!secret->variable.empty()) item["env"] = secret->variable;
    list.push_back(std::move(item));
  }
  return list;
}

json read_ssh(const std::vector<std::string>& values) {
  json list;
  for (const std::string& value : values) {
    auto ssh = cli::parse_ssh(value);
    if (!ssh) continue;
    json item = {{"id", ssh->id}};
    if (!ssh->paths.empty()) item["paths"] = ssh->paths;
    list.push_back(std::move(item));
  }
  return list;
}

json read_call(const std::vector<std::string>& values) {
  auto call = cli::parse_call(values.at(0));
  if (!call) return nullptr;
  return {{"Name", call->name}, {"Format", call->format}, {"IgnoreStatus", call->ignore_status}};
}

json read_contexts(const std::vector<std::string>& values) {
  json contexts = json::object();
  for (const std::string& value : values) {
    auto [name, source] = cli::parse_build_context(value);
    contexts[name] = source;
  }
  return contexts;
}

std::string annotation_key(const image::Annotation& annotation, bool has_type) {
  static const std::map<image::AnnotationPlace, std::string> kTypes = {
      {image::AnnotationPlace::kManifest, "manifest"},
      {image::AnnotationPlace::kManifestDescriptor, "manifest-descriptor"},
      {image::AnnotationPlace::kIndex, "index"},
      {image::AnnotationPlace::kIndexDescriptor, "index-descriptor"}};
  std::string key = "annotation";
  if (has_type) key += "-" + kTypes.at(annotation.place);
  if (annotation.platform) key += "[" + annotation.platform->str() + "]";
  return key + "." + annotation.key;
}

json read_annotations(const std::vector<std::string>& values) {
  json annotations = json::object();
  for (const std::string& value : values) {
    // The reference keeps "manifest" and no type at all apart, although they mean the same.
    bool has_type = value.substr(0, value.find('=')).find(':') != std::string::npos;
    for (const image::Annotation& annotation : cli::parse_annotation(value))
      annotations[annotation_key(annotation, has_type)] = annotation.value;
  }
  return annotations;
}

json read_allowed(const std::vector<std::string>& values) {
  json allow = json::array();
  for (const std::string& value : values) {
    if (auto entitlement = cli::parse_allow(value)) allow.push_back(*entitlement);
  }
  return {{"allow", allow}, {"local_delete", false}};
}

TEST(ConformanceFlags, Values) {
  auto rows = load("buildx/flags.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("buildx/flags.json");
  const std::map<std::string, Reader> readers = {
      {"output", read_outputs}, {"cache", read_caches},
      {"secret", read_secrets}, {"ssh", read_ssh},
      {"call", read_call},      {"build-context", read_contexts},
      {"allow", read_allowed},  {"annotation", read_annotations},
  };
  Tally tally("buildx/flags");
  for (const json& row : *rows) {
    std::string flag = row["flag"];
    if (std::find(kLater.begin(), kLater.end(), flag) != kLater.end()) continue;
    ASSERT_TRUE(readers.count(flag) > 0) << "unknown flag " << flag;
    json got;
    try {
      got = {{"value", readers.at(flag)(row["in"].get<std::vector<std::string>>())}};
    } catch (const base::Error& error) {
      got = {{"error", error.render()}};
    }
    bool same = row.contains("error") ? got.contains("error") : got == json{{"value", row["value"]}};
    tally.row(same, row.dump() + "\n    got " + got.dump());
  }
  EXPECT_GT(tally.total(), 0);
  EXPECT_EQ(tally.matched(), tally.total());
}

}  // namespace
}  // namespace cooper::conformance
