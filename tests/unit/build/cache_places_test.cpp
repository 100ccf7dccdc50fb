#include "build/cache_places.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/error_of.h"
#include "support/fake_client.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Attributes = std::map<std::string, std::string>;

class BuildCachePlaces : public ::testing::Test {
 protected:
  BuildCachePlaces() { tools_.registry = tools_.cache_registry = std::make_shared<support::FakeClient>(); }
  std::vector<std::string> from(const std::string& type, Attributes attributes) {
    request_.cache_from = {{type, std::move(attributes)}};
    std::vector<std::string> names;
    for (const CacheImport& import : open_imports(request_, tools_, {}))
      names.push_back(import.records->name());
    return names;
  }
  std::vector<CacheExport> to(const std::string& type, Attributes attributes) {
    request_.cache_to = {{type, std::move(attributes)}};
    return open_exports(request_, tools_, {}, {});
  }
  base::Error refused_from(const std::string& type, Attributes attributes) {
    return error_of([&] { from(type, std::move(attributes)); });
  }
  base::Error refused_to(const std::string& type, Attributes attributes) {
    return error_of([&] { to(type, std::move(attributes)); });
  }

  Toolbox tools_;
  BuildRequest request_;
};

TEST_F(BuildCachePlaces, ARegistryIsAskedForRecordsAndThenForTheImageOfThatName) {
  EXPECT_THAT(from("registry", {{"ref", "r.example/team/cache:main"}}),
              ElementsAre("registry r.example/team/cache", "image r.example/team/cache:main"));
  EXPECT_THAT(from("local", {{"src", "d"}}), ElementsAre("directory d"));
}

TEST_F(BuildCachePlaces, AScopeComesBeforeWhatAllShare) {
  EXPECT_THAT(from("local", {{"src", "d"}, {"scope", "pr-7"}}),
              ElementsAre("directory d (scope pr-7)", "directory d"));
  std::vector<CacheExport> made = to("local", {{"dest", "d"}, {"scope", "pr-7"}});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].records->name(), "directory d (scope pr-7)") << "only its own is written";
}

TEST_F(BuildCachePlaces, ModesAndStrictness) {
  EXPECT_FALSE(to("registry", {{"ref", "r.example/c"}})[0].all_steps);
  EXPECT_FALSE(to("registry", {{"ref", "r.example/c"}})[0].must_succeed) << "a cache never fails the build";
  EXPECT_TRUE(to("registry", {{"ref", "r.example/c"}, {"mode", "max"}})[0].all_steps);
  EXPECT_TRUE(to("registry", {{"ref", "r.example/c"}, {"ignore-error", "false"}})[0].must_succeed);
  EXPECT_TRUE(to("registry", {{"ref", "r.example/c"}, {"read-only", "true"}}).empty());
  EXPECT_TRUE(to("inline", {})[0].is_inline());
  EXPECT_EQ(to("registry", {{"ref", "r.example/c"}, {"compression", "zstd"}})[0].compression->type,
            archive::Compression::kZstd);
}

TEST_F(BuildCachePlaces, WhatCannotBeMeantIsRefused) {
  EXPECT_THAT(refused_from("registry", {{"ref", "team/cache"}}).message(), HasSubstr("names no registry"));
  EXPECT_THAT(refused_from("registry", {{"ref", "team/cache"}}).hint(), HasSubstr("docker.io/team/cache"));
  EXPECT_THAT(refused_from("registry", {}).message(), HasSubstr("needs ref="));
  EXPECT_THAT(refused_from("gha", {}).message(), HasSubstr("--cache-from type=gha: there is no cache of"));
  EXPECT_THAT(refused_from("registry", {{"ref", "r.example/c"}, {"mode", "max"}}).message(),
              HasSubstr("no attribute 'mode'"));
  EXPECT_THAT(refused_from("local", {{"src", "d"}, {"ttl", "soon"}}).message(), HasSubstr("no duration"));
  EXPECT_THAT(refused_from("local", {{"src", "d"}, {"scope", "../x"}}).message(), HasSubstr("no scope"));
  EXPECT_THAT(refused_to("local", {{"dest", "d"}, {"mode", "most"}}).message(), HasSubstr("mode 'most'"));
  EXPECT_THAT(refused_to("inline", {{"mode", "max"}}).message(), HasSubstr("only holds its own layers"));
  EXPECT_EQ(refused_to("registry", {{"ref", "r.example/c"}, {"image-manifest", "false"}}).kind(),
            base::ErrorKind::kUnsupported);
  EXPECT_THAT(refused_to("s3", {{"region", "eu-1"}}).summary(), HasSubstr("bucket"));
}

}  // namespace
}  // namespace cooper::build
