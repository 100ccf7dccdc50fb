#include "adapters/ci_options.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::adapters {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Variables with(std::map<std::string, std::string> variables) {
  return Variables(std::move(variables));
}

TEST(AdaptersCiOptions, ReadsTheCommandLine) {
  EXPECT_THAT(options_of_arguments({"-t", "r/a:1", "--build-arg=A=b c", "--push", "dir"}),
              ::testing::UnorderedElementsAre(Option{"context", "dir", "the command line"},
                                              Option{"--tag", "r/a:1", "the command line"},
                                              Option{"--build-arg", "A=b c", "the command line"},
                                              Option{"--push", "true", "the command line"}));
  EXPECT_EQ(error_of([] { options_of_arguments({"--no-such-flag"}); }).kind(), base::ErrorKind::kUsage);
}

TEST(AdaptersCiOptions, ReadsTheEnvironment) {
  Variables variables({{"COOPER_TAG", "r/a:1\nr/a:2\n"},
                       {"COOPER_BUILD_ARG", "GREETING=$(rm -rf /) \"x\"\n"},
                       {"COOPER_TARGET", "run"},
                       {"COOPER_PUSH", "false"},
                       {"COOPER_NO_CACHE", "true"},
                       {"COOPER_CONTEXT", "dir with blanks"},
                       {"COOPER_STORE", "/store"},
                       {"COOPER_REGISTRY_MIRROR", "m"},
                       {"COOPER_NETWORK", "<nil>"}});
  EXPECT_THAT(options_of_environment(variables),
              ::testing::UnorderedElementsAre(
                  Option{"context", "dir with blanks", "$COOPER_CONTEXT"},
                  Option{"--tag", "r/a:1", "$COOPER_TAG"}, Option{"--tag", "r/a:2", "$COOPER_TAG"},
                  Option{"--build-arg", "GREETING=$(rm -rf /) \"x\"", "$COOPER_BUILD_ARG"},
                  Option{"--target", "run", "$COOPER_TARGET"}, Option{"--push", "", "$COOPER_PUSH"},
                  Option{"--no-cache", "true", "$COOPER_NO_CACHE"}));
  EXPECT_THAT(error_of([] {
                options_of_environment(with({{"COOPER_PUSH", "yes"}}));
              }).message(),
              HasSubstr("$COOPER_PUSH"));
}

// GitLab writes a list as JSON; an item may hold anything.
TEST(AdaptersCiOptions, ReadsListsAsJson) {
  EXPECT_THAT(options_of_environment(with({{"COOPER_BUILD_ARG", "[\"A=1\\n2\",\"B=\\u003c\"]\n"}})),
              ElementsAre(Option{"--build-arg", "A=1\n2", "$COOPER_BUILD_ARG"},
                          Option{"--build-arg", "B=<", "$COOPER_BUILD_ARG"}));
  EXPECT_THAT(options_of_environment(with({{"COOPER_TAG", "[]"}, {"COOPER_LABEL", " \n"}})), IsEmpty());
  EXPECT_EQ(items_of_variable(with({{"COOPER_IMAGES", "api\nworker\n"}}), "COOPER_IMAGES"),
            (std::vector<std::string>{"api", "worker"}));
  for (const char* text : {"[1]", "[\"a\"", "[{}]"}) {
    EXPECT_THAT(error_of([&] {
                  options_of_environment(with({{"COOPER_TAG", text}}));
                }).message(),
                HasSubstr("$COOPER_TAG"))
        << text;
  }
}

TEST(AdaptersCiOptions, GivesFlagsBack) {
  cli::BuildFlags flags = flags_of_options({{"--tag", "r/a:1", ""},
                                            {"--tag", "r/a:2", ""},
                                            {"--platform", "linux/amd64", ""},
                                            {"--platform", "linux/arm64", ""},
                                            {"--build-arg", "-A=--target=x", ""},
                                            {"--push", "true", ""},
                                            {"context", "-odd", ""}},
                                           "/workspace");
  EXPECT_THAT(flags.tags, ElementsAre("r/a:1", "r/a:2"));
  EXPECT_THAT(flags.platforms, ElementsAre("linux/amd64", "linux/arm64"));
  EXPECT_THAT(flags.build_args, ElementsAre("-A=--target=x"));
  EXPECT_TRUE(flags.push);
  EXPECT_EQ(flags.context, "-odd");
  EXPECT_EQ(flags.target, "");
  EXPECT_EQ(flags_of_options({}, "/work space@2").context, "/work space@2");
}

}  // namespace
}  // namespace cooper::adapters
