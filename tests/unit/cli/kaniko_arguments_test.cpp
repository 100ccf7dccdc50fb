#include "cli/kaniko_arguments.h"

#include <gmock/gmock.h>

#include "cli/kaniko_flags.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

KanikoArguments parse(const std::vector<std::string>& arguments,
                      std::map<std::string, std::string> environment = {}) {
  return parse_kaniko_arguments(arguments, kaniko_flags(), Environment(std::move(environment)));
}

TEST(CliKanikoArguments, ValuesAreWrittenInEveryWay) {
  for (const std::vector<std::string>& way : std::vector<std::vector<std::string>>{
           {"--context=dir"}, {"--context", "dir"}, {"-c", "dir"}, {"-c=dir"}, {"-cdir"}}) {
    EXPECT_EQ(parse(way).settings.context, "dir") << way.front();
  }
}

TEST(CliKanikoArguments, AnEmptyValueIsOne) {
  const KanikoArguments made = parse({"--cache-repo=", "--destination", "a"});
  EXPECT_EQ(made.settings.cache_repo, "");
  EXPECT_THAT(made.settings.destinations, ElementsAre("a"));
}

TEST(CliKanikoArguments, SwitchesTakeAValueOnlyBehindAnEqualsSign) {
  EXPECT_TRUE(parse({"--no-push"}).settings.no_push);
  EXPECT_TRUE(parse({"--no-push=T"}).settings.no_push);
  EXPECT_FALSE(parse({"--no-push=false"}).settings.no_push);
  const KanikoArguments made = parse({"--no-push", "false"});
  EXPECT_TRUE(made.settings.no_push);
  EXPECT_THAT(made.words, ElementsAre("false"));
  EXPECT_THAT(error_of([] { parse({"--no-push=maybe"}); }).summary(),
              HasSubstr("--no-push takes true or false, not 'maybe'"));
}

TEST(CliKanikoArguments, RepeatedFlagsAddUpAndOthersAreReplaced) {
  const KanikoArguments made = parse({"-d", "a", "-d=b", "--tar-path", "1", "--tar-path", "2"});
  EXPECT_THAT(made.settings.destinations, ElementsAre("a", "b"));
  EXPECT_EQ(made.settings.tar_path, "2");
}

TEST(CliKanikoArguments, DeprecatedSpellingsAreTheSameFlags) {
  EXPECT_EQ(parse({"--tarPath=x"}).settings.tar_path, "x");
  EXPECT_EQ(parse({"--customPlatform=linux/arm64"}).settings.platform, "linux/arm64");
  EXPECT_THAT(parse({"--snapshotMode=time"}).settings.without_meaning, ElementsAre("--snapshotMode"));
  EXPECT_TRUE(parse({"--whitelist-var-run"}).settings.ignore_var_run);
}

TEST(CliKanikoArguments, WordsBehindADoubleDashAreNoFlags) {
  EXPECT_THAT(parse({"--", "--no-push", "-x"}).words, ElementsAre("--no-push", "-x"));
}

TEST(CliKanikoArguments, VariablesCountWhereTheFlagIsNotGiven) {
  EXPECT_TRUE(parse({}, {{"KANIKO_NO_PUSH", "true"}}).settings.no_push);
  EXPECT_FALSE(parse({"--no-push=false"}, {{"KANIKO_NO_PUSH", "true"}}).settings.no_push);
  EXPECT_THAT(parse({}, {{"KANIKO_REGISTRY_MIRROR", "a.example;b.example"}}).settings.mirrors,
              ElementsAre("a.example", "b.example"));
  EXPECT_THAT(
      parse({"--registry-mirror=m.example"}, {{"KANIKO_REGISTRY_MIRROR", "a.example"}}).settings.mirrors,
      ElementsAre("m.example", "a.example"));
  EXPECT_EQ(parse({}, {{"KANIKO_DIR", "/k"}}).settings.directory, "/k");
  EXPECT_THAT(error_of([] {
                parse({}, {{"KANIKO_NO_PUSH", "nah"}});
              }).summary(),
              HasSubstr("KANIKO_NO_PUSH"));
}

TEST(CliKanikoArguments, UnknownFlagsNameTheNearest) {
  const base::Error error = error_of([] { parse({"--destinatoin=x"}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "unknown flag '--destinatoin'");
  EXPECT_EQ(error.hint(), "did you mean '--destination'?");
  EXPECT_EQ(error_of([] { parse({"-x"}); }).message(), "unknown flag '-x'");
}

TEST(CliKanikoArguments, AValueThatIsMissingIsSaid) {
  const base::Error error = error_of([] { parse({"--context"}); });
  EXPECT_EQ(error.message(), "--context needs a value");
  EXPECT_EQ(error.hint(), "write --context=VALUE");
}

TEST(CliKanikoArguments, WhatIsRefusedMayBeSwitchedOff) {
  EXPECT_EQ(error_of([] { parse({"--materialize"}); }).kind(), base::ErrorKind::kUnsupported);
  EXPECT_NO_THROW(parse({"--materialize=false"}));
}

TEST(CliKanikoArguments, WhatHasNoMeaningIsNotedOnce) {
  EXPECT_THAT(parse({"--force", "--cleanup", "--force"}).settings.without_meaning,
              ElementsAre("--force", "--cleanup"));
}

TEST(CliKanikoArguments, HelpIsAFlagOfItsOwn) {
  EXPECT_TRUE(parse({"--help"}).wants_help);
  EXPECT_TRUE(parse({"-h"}).wants_help);
}

}  // namespace
}  // namespace cooper::cli
