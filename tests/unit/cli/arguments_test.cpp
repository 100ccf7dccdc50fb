#include "cli/arguments.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::cli {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A program with one command of every kind of argument.
struct Sample {
  Program program{"sample", "is made for a test"};
  Command command = program.root().add_command("go", "goes somewhere");
  std::string place;
  std::vector<std::string> others;
  std::string name = "nobody";
  int count = 0;
  std::vector<std::string> tags;
  std::vector<std::string> platforms;
  bool quiet = false;

  Sample() {
    program.add_version_flag("sample 1.0");
    program.root().require_command();
    command.add_positional("place", place, "where to").required().type_name("PLACE");
    command.add_positional("others", others, "where else").type_name("PLACE");
    command.add_option("-n,--name", name, "who goes");
    command.add_option("--count", count, "how often");
    command.add_option("-t,--tag", tags, "what it is called");
    command.add_option("--platform", platforms, "on what").delimiter(',');
    command.add_flag("-q,--quiet", quiet, "say nothing");
    command.add_ignored_option("--builder", "whatever");
  }

  std::string refusal(const std::vector<std::string>& words) {
    const base::Error error = support::error_of([&] { program.parse(words); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_EQ(error.hint(), "");
    return error.summary();
  }

  std::string answer(const std::vector<std::string>& words) { return program.parse(words).value_or(""); }
};

}  // namespace

TEST(CliArguments, WordsReachWhatTheyAreBoundTo) {
  Sample sample;
  EXPECT_FALSE(sample.program.parse(
      {"go", "-n", "me", "--count=3", "-q", "--builder", "b", "here", "there", "beyond"}));
  EXPECT_EQ(sample.name, "me");
  EXPECT_EQ(sample.count, 3);
  EXPECT_TRUE(sample.quiet);
  EXPECT_EQ(sample.place, "here");
  EXPECT_THAT(sample.others, ElementsAre("there", "beyond"));
}

TEST(CliArguments, WhatIsNotGivenStaysAsItIs) {
  Sample sample;
  EXPECT_FALSE(sample.program.parse({"go", "here"}));
  EXPECT_EQ(sample.name, "nobody");
  EXPECT_THAT(sample.tags, IsEmpty());
  EXPECT_FALSE(sample.quiet);
  EXPECT_FALSE(sample.command.is_given("--name"));
}

TEST(CliArguments, AListTakesOneValueAtATime) {
  Sample sample;
  sample.program.parse({"go", "-t", "a", "--tag", "b,c", "--platform", "x,y", "here"});
  EXPECT_THAT(sample.tags, ElementsAre("a", "b,c"));
  EXPECT_THAT(sample.platforms, ElementsAre("x", "y"));
  EXPECT_EQ(sample.place, "here");
  EXPECT_TRUE(sample.command.is_given("--tag"));
}

TEST(CliArguments, RefusalsNameWhatIsWrong) {
  EXPECT_EQ(Sample().refusal({"go"}), "place is required");
  EXPECT_THAT(Sample().refusal({"go", "--count", "many", "here"}), HasSubstr("--count"));
  EXPECT_THAT(Sample().refusal({"go", "here", "--nothing"}), HasSubstr("--nothing"));
  EXPECT_EQ(Sample().refusal({}), "A subcommand is required");
}

TEST(CliArguments, TheChosenCommandIsKnownAlsoAfterARefusal) {
  Sample sample;
  EXPECT_EQ(sample.program.chosen_command(), "");
  EXPECT_FALSE(sample.command.is_chosen());
  sample.refusal({"go", "--nothing"});
  EXPECT_EQ(sample.program.chosen_command(), "go");
  EXPECT_TRUE(sample.command.is_chosen());
}

TEST(CliArguments, HelpAndVersionAreAnswers) {
  EXPECT_EQ(Sample().answer({"--version"}), "sample 1.0\n");
  EXPECT_THAT(Sample().answer({"--help"}), HasSubstr("goes somewhere"));
  const std::string help = Sample().answer({"go", "--help"});
  EXPECT_THAT(help, HasSubstr("place PLACE REQUIRED"));
  EXPECT_THAT(help, HasSubstr("who goes"));
}

TEST(CliArguments, WhatOthersDeclaredCanBeChanged) {
  Sample sample;
  sample.command.describe_option("--name", "the traveller");
  sample.command.remove_option("--count");
  sample.command.footer("That is all.");
  const std::string help = sample.answer({"go", "--help"});
  EXPECT_THAT(help, HasSubstr("the traveller"));
  EXPECT_THAT(help, HasSubstr("That is all."));
  EXPECT_THAT(help, Not(HasSubstr("--count")));
  Sample hidden;
  hidden.command.hide();
  EXPECT_THAT(hidden.answer({"--help"}), Not(HasSubstr("goes somewhere")));
}

TEST(CliArguments, CommandsMayHaveAliasesExtrasAndCallbacks) {
  Sample sample;
  int calls = 0;
  sample.command.alias("g");
  sample.command.allow_extras();
  sample.command.on_chosen([&] { ++calls; });
  EXPECT_FALSE(sample.program.parse({"g", "here", "--unheard-of"}));
  EXPECT_EQ(calls, 1);
}

TEST(CliArguments, ACommandMayFollowWithoutHavingTo) {
  Program program("sample", "is made for a test");
  const Command root = program.root();
  root.allow_command();
  const Command one = root.add_command("one", "the first");
  EXPECT_FALSE(program.parse({}));
  EXPECT_FALSE(one.is_chosen());
  EXPECT_FALSE(program.parse({"one"}));
  EXPECT_TRUE(one.is_chosen());
}

}  // namespace cooper::cli
