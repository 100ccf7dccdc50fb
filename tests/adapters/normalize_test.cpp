#include "adapters/normalize.h"

#include <gmock/gmock.h>

#include "adapters/cache_policy.h"
#include "adapters/tags.h"
#include "cli/flag_values.h"
#include "oci/reference.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Record push(const std::string& branch = "main") {
  Record record;
  record.ci = "circleci";
  record.commit = "0123456789abcdef0123456789abcdef01234567";
  record.branch = branch;
  record.default_branch = "main";
  record.on_default_branch = branch == "main";
  record.repository_path = "Group/App";
  record.repository_url = "https://git.example.com/Group/App";
  record.commit_time = 1'700'000'000;
  record.image_base = "registry.example.com/group/app";
  record.run_id = "77";
  record.run_url = "https://ci.example.com/77";
  return record;
}

Record tag_push(const std::string& tag) {
  Record record = push("");
  record.on_default_branch = false;
  record.tag = tag;
  return record;
}

Record change() {
  Record record = push("topic");
  record.change = "7";
  record.change_target = "main";
  return record;
}

std::vector<std::string> values_of(const std::vector<Option>& options, const std::string& flag) {
  std::vector<std::string> values;
  for (const Option& option : options) {
    if (option.flag == flag) values.push_back(option.value);
  }
  return values;
}

TEST(AdaptersSlug, KeepsWhatLosesNothing) {
  EXPECT_EQ(slug("main"), "main");
  EXPECT_EQ(slug("release-1-2"), "release-1-2");
  EXPECT_EQ(slug(std::string(63, 'a')), std::string(63, 'a'));
}

TEST(AdaptersSlug, WhatLosesSomethingGetsASuffixOfItsOwn) {
  EXPECT_THAT(slug("a/b"), ::testing::MatchesRegex("a-b-[0-9a-f]{6}"));
  EXPECT_NE(slug("a/b"), slug("a_b"));
  EXPECT_NE(slug("Main"), slug("main"));
  EXPECT_THAT(slug("-x-"), ::testing::MatchesRegex("x-[0-9a-f]{6}"));
  EXPECT_THAT(slug("日本"), ::testing::MatchesRegex("[0-9a-f]{6}"));
}

TEST(AdaptersSlug, IsAtMost63Characters) {
  const std::string longest = std::string(64, 'a');
  EXPECT_EQ(slug(longest).size(), 63U);
  EXPECT_NE(slug(longest), slug(longest + "a"));
  EXPECT_EQ(slug(std::string(300, '/')).size(), 6U);
}

// Every tag has to be one for a registry, whatever a reference is called.
TEST(AdaptersTags, AreAlwaysTagsOfImages) {
  for (const char* name : {"main", "a/b", "日本", "~", ".hidden", "--", "Feature/Ünïcode", "v1.2.3",
                           "v1.2.3+b.1", "v1.2.3-rc.1", "1.2", "release 1"}) {
    for (const Record& record : {push(name), tag_push(name)}) {
      for (const std::string& tag : tags_of(record, {}))
        EXPECT_NO_THROW(oci::Reference::parse("registry.example.com/app:" + tag)) << name << " → " << tag;
    }
  }
}

TEST(AdaptersTags, OfABranch) {
  EXPECT_THAT(tags_of(push("topic"), {}), ElementsAre("sha-0123456789ab", "topic"));
  EXPECT_THAT(tags_of(push("main"), {}), ElementsAre("sha-0123456789ab", "main", "latest"));
}

TEST(AdaptersTags, LatestOnlyWhenTheDefaultBranchIsKnown) {
  Record record = push("main");
  record.on_default_branch = std::nullopt;
  EXPECT_THAT(tags_of(record, {}), ElementsAre("sha-0123456789ab", "main"));
}

// A branch that anyone may name must not become what a release, a change or another commit is called.
TEST(AdaptersTags, ABranchTakesNoTagThatMeansSomethingElse) {
  for (const char* name : {"latest", "nightly", "1", "42", "pr-7", "mr-7", "sha-aaaaaaaaaaaa"}) {
    EXPECT_THAT(tags_of(push(name), {}), Not(Contains(name)));
    EXPECT_THAT(branch_tag(name), StartsWith(std::string(name) + "-"));
  }
  EXPECT_EQ(branch_tag("pr-x"), "pr-x");
}

struct TagCase {
  const char* tag;
  std::vector<std::string> tags;
};

TEST(AdaptersTags, OfAGitTag) {
  const std::vector<TagCase> cases = {
      {"v1.2.3", {"1.2.3", "1.2", "1", "latest"}},
      {"1.2.3", {"1.2.3", "1.2", "1", "latest"}},
      {"v0.4.2", {"0.4.2", "0.4", "latest"}},
      {"v2.0.8-beta.67", {"2.0.8-beta.67"}},
      {"v1.2.3-rc.1+build.5", {"1.2.3-rc.1_build.5"}},
      {"v1.2.3+build.5", {"1.2.3_build.5"}},
      {"v1.2", {"v1.2"}},
      {"v01.2.3", {"v01.2.3"}},
      {"v1.2.3-", {"v1.2.3-"}},
      {"v1.2.3-a..b", {"v1.2.3-a..b"}},
      {"release_2024.01", {"release_2024.01"}},
      {"nightly", {"nightly"}},
  };
  for (const TagCase& one : cases) EXPECT_EQ(tags_of(tag_push(one.tag), {}), one.tags) << one.tag;
}

TEST(AdaptersTags, WhatAGitTagLosesGivesItASuffix) {
  EXPECT_THAT(tags_of(tag_push("release/1"), {}),
              ElementsAre(::testing::MatchesRegex("release-1-[0-9a-f]{6}")));
  EXPECT_NE(sanitised_tag("release/1"), sanitised_tag("release+1"));
  EXPECT_EQ(sanitised_tag(std::string(200, 'a')).size(), 128U);
}

TEST(AdaptersTags, OfAChange) {
  EXPECT_THAT(tags_of(change(), {}), ElementsAre("sha-0123456789ab", "pr-7"));
  Record of_gitlab = change();
  of_gitlab.ci = "gitlab";
  EXPECT_THAT(tags_of(of_gitlab, {}), ElementsAre("sha-0123456789ab", "pr-7", "mr-7"));
  EXPECT_THAT(tags_of(change(), {.push_changes = false}), IsEmpty());
}

// Even when a change's source branch is the default one.
TEST(AdaptersTags, AChangeIsNeverLatest) {
  Record record = change();
  record.branch = "main";
  record.on_default_branch = true;
  EXPECT_THAT(tags_of(record, {}), Not(Contains("latest")));
}

TEST(AdaptersTags, ForksAreNotPushedUnlessAskedFor) {
  Record record = change();
  record.is_fork = true;
  EXPECT_THAT(tags_of(record, {}), IsEmpty());
  EXPECT_THAT(values_of(default_options(record, {}), "--push"), IsEmpty());
  EXPECT_THAT(tags_of(record, {.push_forks = true}), ElementsAre("sha-0123456789ab", "pr-7"));
}

TEST(AdaptersTags, NightlyIsOptIn) {
  Record record = push("main");
  record.is_scheduled = true;
  EXPECT_THAT(tags_of(record, {}), Not(Contains("nightly")));
  EXPECT_THAT(tags_of(record, {.nightly = true}), Contains("nightly"));
  EXPECT_THAT(tags_of(push("main"), {.nightly = true}), Not(Contains("nightly")));
}

TEST(AdaptersTags, OnlyOneOfParallelJobsMovesTags) {
  for (Record record : {push("main"), change()}) {
    record.may_move_tags = false;
    EXPECT_THAT(tags_of(record, {}), ElementsAre("sha-0123456789ab"));
  }
  Record release = tag_push("v1.2.3");
  release.may_move_tags = false;
  EXPECT_THAT(tags_of(release, {}), ElementsAre("1.2.3"));
}

TEST(AdaptersTags, WithoutACommitThereIsNoTagOfIt) {
  Record record = push("main");
  record.commit.clear();
  EXPECT_THAT(tags_of(record, {}), ElementsAre("main", "latest"));
  EXPECT_THAT(tags_of(Record(), {}), IsEmpty());
}

TEST(AdaptersOptions, NameTheImages) {
  const auto options = default_options(push("main"), {}, "/api");
  EXPECT_THAT(values_of(options, "--tag"), ElementsAre("registry.example.com/group/app/api:sha-0123456789ab",
                                                       "registry.example.com/group/app/api:main",
                                                       "registry.example.com/group/app/api:latest"));
  EXPECT_THAT(values_of(options, "--push"), ElementsAre("true"));
}

TEST(AdaptersOptions, WithoutAnImageBaseNothingIsPushedAndNoCacheIsNamed) {
  Record record = push("main");
  record.image_base.clear();
  const auto options = default_options(record, {});
  for (const char* flag : {"--tag", "--push", "--cache-from", "--cache-to"})
    EXPECT_THAT(values_of(options, flag), IsEmpty()) << flag;
  EXPECT_THAT(values_of(options, "--label"), Not(IsEmpty()));
}

TEST(AdaptersOptions, LabelsAreTheCommits) {
  EXPECT_THAT(
      values_of(default_options(push("Feature/x"), {}, "/api"), "--label"),
      ElementsAre("org.opencontainers.image.created=2023-11-14T22:13:20Z",
                  "org.opencontainers.image.revision=0123456789abcdef0123456789abcdef01234567",
                  "org.opencontainers.image.source=https://git.example.com/Group/App",
                  "org.opencontainers.image.url=https://git.example.com/Group/App",
                  "org.opencontainers.image.version=" + slug("Feature/x"),
                  "org.opencontainers.image.ref.name=Feature/x", "org.opencontainers.image.title=App/api"));
  EXPECT_THAT(values_of(default_options(tag_push("v1.2.3"), {}), "--label"),
              AllOf(Contains("org.opencontainers.image.version=1.2.3"),
                    Contains("org.opencontainers.image.ref.name=v1.2.3")));
  EXPECT_THAT(values_of(default_options(change(), {}), "--label"),
              Contains("org.opencontainers.image.version=pr-7"));
}

// A label with the run in it would make every run another image.
TEST(AdaptersOptions, WhatOnlyTheRunSaysIsAnAnnotation) {
  Record record = push("main");
  record.description = "An app";
  Record again = record;
  again.ci = "jenkins";
  again.run_id = "78";
  again.run_url = "https://ci.example.com/78";
  again.description = "";
  EXPECT_EQ(values_of(default_options(record, {}), "--label"),
            values_of(default_options(again, {}), "--label"));
  EXPECT_THAT(values_of(default_options(record, {}), "--annotation"),
              AllOf(Contains("cooper.run.id=77"), Contains("cooper.run.url=https://ci.example.com/77"),
                    Contains("org.opencontainers.image.description=An app"),
                    Contains("org.opencontainers.image.title=App")));
}

TEST(AdaptersOptions, AnIndexHasTheAnnotationsToo) {
  for (const std::string& value : values_of(default_options(push(), {}, "", true), "--annotation")) {
    const auto parsed = cli::parse_annotation(value);
    ASSERT_EQ(parsed.size(), 2U) << value;
    EXPECT_EQ(parsed[0].place, image::AnnotationPlace::kIndex);
    EXPECT_EQ(parsed[1].place, image::AnnotationPlace::kManifest);
    EXPECT_EQ(parsed[0].key.find(':'), std::string::npos);
  }
  for (const std::string& value : values_of(default_options(push(), {}), "--annotation"))
    EXPECT_EQ(cli::parse_annotation(value).size(), 1U) << value;
}

TEST(AdaptersOptions, TheEpochIsTheCommits) {
  EXPECT_THAT(values_of(default_options(push(), {}), "--source-date-epoch"), ElementsAre("1700000000"));
  Record record = push();
  record.commit_time = std::nullopt;
  EXPECT_THAT(values_of(default_options(record, {}), "--source-date-epoch"), IsEmpty());
}

TEST(AdaptersOptions, SayWhoTheyAreFrom) {
  Record record = push();
  record.origins = {{"branch", "CIRCLE_BRANCH"}, {"image_base", "COOPER_IMAGE_BASE"}};
  for (const Option& option : default_options(record, {})) {
    EXPECT_NE(option.origin, "") << option.flag;
    if (option.flag == "--tag") {
      EXPECT_EQ(option.origin, "CIRCLE_BRANCH");
    } else if (option.flag == "--cache-to") {
      EXPECT_EQ(option.origin, "COOPER_IMAGE_BASE");
    }
  }
}

std::vector<std::string> cache_of(const Record& record) {
  std::vector<std::string> values;
  for (const Option& option : default_options(record, {})) {
    if (option.flag.starts_with("--cache")) values.push_back(option.flag + " " + option.value);
  }
  return values;
}

const std::string kFrom = "--cache-from type=registry,ref=registry.example.com/group/app/cache";
const std::string kTo = "--cache-to type=registry,ref=registry.example.com/group/app/cache,mode=max";

TEST(AdaptersCache, TrustedRunsWriteWhatAllShare) {
  EXPECT_THAT(cache_of(push("main")), ElementsAre(kFrom, kTo));
  EXPECT_THAT(cache_of(tag_push("v1.2.3")), ElementsAre(kFrom, kTo));
  Record protected_branch = push("release");
  protected_branch.is_trusted = true;
  EXPECT_THAT(cache_of(protected_branch), ElementsAre(kFrom, kTo));
  Record unknown = push("topic");
  unknown.on_default_branch = std::nullopt;
  EXPECT_THAT(cache_of(unknown), ElementsAre(kFrom, kTo));
}

TEST(AdaptersCache, OthersWriteOnlyTheirOwn) {
  EXPECT_THAT(cache_of(push("topic")),
              ElementsAre(kFrom + ",scope=branch-topic", kTo + ",scope=branch-topic"));
  Record unprotected = push("main");
  unprotected.is_trusted = false;
  EXPECT_THAT(cache_of(unprotected), ElementsAre(kFrom + ",scope=branch-main", kTo + ",scope=branch-main"));
  Record unprotected_tag = tag_push("v1.2.3");
  unprotected_tag.is_trusted = false;
  EXPECT_THAT(cache_of(unprotected_tag),
              ElementsAre(HasSubstr(",scope=tag-v1-2-3-"), HasSubstr(",scope=tag-v1-2-3-")));
}

TEST(AdaptersCache, AChangeIsNeverTrusted) {
  Record record = change();
  record.is_trusted = true;
  EXPECT_THAT(cache_of(record), ElementsAre(kFrom + ",scope=change-7", kTo + ",scope=change-7"));
  record.is_fork = true;
  EXPECT_THAT(cache_of(record), ElementsAre(kFrom));
}

// Two branches share no scope, and a branch can never be called so that it gets a change's.
TEST(AdaptersCache, ScopesAreApartAndShort) {
  EXPECT_NE(scope_of_ref("branch", "change-7"), "change-7");
  const std::string longest(70, 'b');
  EXPECT_LE(scope_of_ref("branch", longest).size(), 60U);
  EXPECT_NE(scope_of_ref("branch", longest), scope_of_ref("branch", longest + "b"));
}

TEST(AdaptersCache, DockerHubHasNoDeeperNames) {
  Record record = push("main");
  record.image_base = "docker.io/group/app";
  EXPECT_THAT(cache_of(record), Contains("--cache-from type=registry,ref=docker.io/group/app-cache"));
}

TEST(AdaptersCache, DirectoriesWithCommasAreQuoted) {
  const CacheAddress address = local_cache("/ws/a,\"b/.cooper-cache", "x");
  const auto place = cli::parse_cache_place(address.to + ",mode=max", "--cache-to");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->attributes.at("dest"), "/ws/a,\"b/.cooper-cache");
  EXPECT_EQ(
      cli::parse_cache_place(local_cache("/ws/my app@2", "x").from, "--cache-from")->attributes.at("src"),
      "/ws/my app@2");
}

}  // namespace
}  // namespace cooper::adapters
