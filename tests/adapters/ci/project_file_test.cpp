#include "adapters/project_file.h"

#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::adapters {
namespace {

using support::error_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

ProjectFile parse(const std::string& text) {
  return parse_project_file(text, ".cooper.yml");
}
base::Error refused(const std::string& text) {
  return error_of([&] { parse(text); });
}

TEST(AdaptersProjectFile, AnEmptyOneIsOneImage) {
  for (const char* text : {"", "# nothing\n", "version: 1\n"}) {
    ProjectFile file = parse(text);
    ASSERT_THAT(file.images, SizeIs(1)) << text;
    EXPECT_EQ(file.images[0].name, "");
    EXPECT_THAT(file.images[0].options, IsEmpty());
  }
}

TEST(AdaptersProjectFile, KeysAreFlagsWithTheirLine) {
  ProjectFile file = parse(
      "context: app\n"
      "platforms: [linux/amd64, linux/arm64]\n"
      "build_args:\n"
      "  VERSION: \"1.0\"\n"
      "  EMPTY: \"\"\n"
      "secrets: id=npm,env=NPM_TOKEN\n"
      "no_cache: true\n");
  EXPECT_THAT(file.images[0].options, ElementsAre(Option{"context", "app", ".cooper.yml:1"},
                                                  Option{"--platform", "linux/amd64", ".cooper.yml:2"},
                                                  Option{"--platform", "linux/arm64", ".cooper.yml:2"},
                                                  Option{"--build-arg", "VERSION=1.0", ".cooper.yml:4"},
                                                  Option{"--build-arg", "EMPTY=", ".cooper.yml:5"},
                                                  Option{"--secret", "id=npm,env=NPM_TOKEN", ".cooper.yml:6"},
                                                  Option{"--no-cache", "true", ".cooper.yml:7"}));
}

TEST(AdaptersProjectFile, ImagesInheritWhatIsSaidForAll) {
  ProjectFile file = parse(
      "target: run\n"
      "labels: {team: red}\n"
      "images:\n"
      "  api: {context: api, target: other, labels: {tier: web}}\n"
      "  worker:\n");
  ASSERT_THAT(file.images, SizeIs(2));
  EXPECT_EQ(file.images[0].suffix, "/api");
  EXPECT_THAT(file.images[0].options, Contains(Option{"--target", "other", ".cooper.yml:4"}));
  EXPECT_THAT(file.images[0].options, Not(Contains(Option{"--target", "run", ".cooper.yml:1"})));
  EXPECT_THAT(file.images[0].options, Contains(Option{"--label", "team=red", ".cooper.yml:2"}));
  EXPECT_THAT(file.images[1].options, Contains(Option{"--target", "run", ".cooper.yml:1"}));
}

TEST(AdaptersProjectFile, CachesCanBeNamedOrSwitchedOff) {
  EXPECT_THAT(
      parse("cache: false\n").images[0].options,
      ElementsAre(Option{"--cache-from", "", ".cooper.yml:1"}, Option{"--cache-to", "", ".cooper.yml:1"}));
  EXPECT_THAT(parse("cache: {from: [\"type=local,src=c\"], mounts: persist}\n").images[0].options,
              ElementsAre(Option{"--cache-from", "type=local,src=c", ".cooper.yml:1"},
                          Option{"--cache-mounts", "persist", ".cooper.yml:1"}));
}

TEST(AdaptersProjectFile, ErrorsHavePlaceAndWayOut) {
  EXPECT_THAT(refused("contxt: a\n").message(), HasSubstr(".cooper.yml:1:1: unknown key 'contxt'"));
  EXPECT_THAT(refused("contxt: a\n").hint(), HasSubstr("'context'"));
  EXPECT_THAT(refused("images:\n  Api: {}\n").message(), HasSubstr(".cooper.yml:2:3"));
  EXPECT_THAT(refused("images:\n  a: {}\n  a: {}\n").message(), HasSubstr("two images 'a'"));
  EXPECT_THAT(refused("no_cache: perhaps\n").message(), HasSubstr("neither true nor false"));
  EXPECT_THAT(refused("build_args: [A=1]\n").message(), HasSubstr("mapping"));
  EXPECT_THAT(refused("context: [a]\n").message(), HasSubstr("single value"));
  EXPECT_THAT(refused("version: 2\n").message(), HasSubstr("version '2'"));
  EXPECT_THAT(refused("- a\n").message(), HasSubstr(".cooper.yml:1"));
  EXPECT_THAT(refused("a: [1\n").message(), HasSubstr(".cooper.yml:2"));
  EXPECT_THAT(refused("policy: {nigthly: true}\n").hint(), HasSubstr("'nightly'"));
}

TEST(AdaptersProjectFile, AnUntrustedRefNamesNoPlacesAndNoSecrets) {
  const std::string text =
      "image: evil.example/app\n"
      "target: run\n"
      "tags: [evil.example/app:1]\n"
      "secrets: [\"id=x,env=AWS_SECRET_ACCESS_KEY\"]\n"
      "cache: {to: \"type=registry,ref=evil.example/c\"}\n";
  for (const bool is_fork : {true, false}) {
    Record record;
    record.change = "7";
    record.is_fork = is_fork;
    if (!is_fork) record.is_trusted = false;
    ProjectFile file = parse(text);
    EXPECT_THAT(drop_what_needs_trust(file, record), SizeIs(4));
    EXPECT_THAT(file.images[0].options, ElementsAre(Option{"--target", "run", ".cooper.yml:2"}));
    EXPECT_EQ(file.images[0].image, "");
  }
  ProjectFile file = parse(text);
  EXPECT_THAT(drop_what_needs_trust(file, Record()), IsEmpty());
  EXPECT_THAT(file.images[0].options, SizeIs(4));
}

std::vector<std::string> keys_of(const nlohmann::json& schema) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : schema.at("properties").items()) keys.push_back(key);
  return keys;
}

// cache: false, or a mapping.
const nlohmann::json& mapping_of(const nlohmann::json& schema) {
  for (const nlohmann::json& form : schema.at("anyOf"))
    if (form.contains("properties")) return form;
  return schema;
}

TEST(AdaptersProjectFile, ItsSchemaKnowsTheSameKeys) {
  std::ifstream file(COOPER_ADAPTER_CASES "/../../docs/cooper.schema.json");
  const nlohmann::json schema = nlohmann::json::parse(file);
  const nlohmann::json& image = schema.at("definitions").at("image");
  const ProjectKeys known = known_project_keys();
  std::vector<std::string> top = known.file;
  top.insert(top.end(), known.image.begin(), known.image.end());
  EXPECT_THAT(keys_of(schema), UnorderedElementsAreArray(top));
  EXPECT_THAT(keys_of(image), UnorderedElementsAreArray(known.image));
  EXPECT_THAT(keys_of(schema.at("properties").at("policy")), UnorderedElementsAreArray(known.policy));
  EXPECT_THAT(keys_of(mapping_of(image.at("properties").at("cache"))),
              UnorderedElementsAreArray(known.cache));
}

// What the list says is what the reader takes: anything else about a key may be wrong, but not its name.
TEST(AdaptersProjectFile, TheListOfKeysIsTheReaders) {
  const auto complaint = [](const std::string& text) -> std::string {
    try {
      parse(text);
      return "";
    } catch (const base::Error& error) {
      return error.message();
    }
  };
  const ProjectKeys known = known_project_keys();
  for (const std::string& key : known.image) {
    EXPECT_THAT(complaint(key + ": x\n"), Not(HasSubstr("unknown key")));
    EXPECT_THAT(complaint("images: {a: {" + key + ": x}}\n"), Not(HasSubstr("unknown key")));
  }
  for (const std::string& key : known.policy) EXPECT_EQ(complaint("policy: {" + key + ": true}\n"), "");
  for (const std::string& key : known.cache) EXPECT_EQ(complaint("cache: {" + key + ": x}\n"), "");
  EXPECT_THAT(complaint("policy: {push_forks: true}\n"), HasSubstr("unknown key 'push_forks'"));
}

}  // namespace
}  // namespace cooper::adapters
