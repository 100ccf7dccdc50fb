#include "cli/personality.h"

#include <gmock/gmock.h>

namespace cooper::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CliPersonality, TheProgramsNameDecides) {
  for (const char* name : {"executor", "/kaniko/executor", "./executor"}) {
    const Called called = called_as({name, "--context", "x"});
    EXPECT_EQ(called.personality, Personality::kKaniko) << name;
    EXPECT_THAT(called.arguments, ElementsAre("--context", "x"));
  }
  EXPECT_EQ(called_as({"/kaniko/warmer"}).personality, Personality::kWarmer);
}

TEST(CliPersonality, OfCooperItselfTheFirstArgumentDecides) {
  EXPECT_EQ(called_as({"cooper", "kaniko", "-c", "x"}).personality, Personality::kKaniko);
  EXPECT_THAT(called_as({"cooper", "kaniko", "-c", "x"}).arguments, ElementsAre("-c", "x"));
  EXPECT_EQ(called_as({"cooper", "warmer"}).personality, Personality::kWarmer);
  EXPECT_EQ(called_as({"cooper", "build", "kaniko"}).personality, Personality::kCooper);
  EXPECT_THAT(called_as({"cooper", "build", "kaniko"}).arguments, ElementsAre("build", "kaniko"));
}

TEST(CliPersonality, NoNameAtAllIsCooper) {
  EXPECT_EQ(called_as({}).personality, Personality::kCooper);
  EXPECT_THAT(called_as({"executor-of-wills"}).arguments, IsEmpty());
  EXPECT_EQ(called_as({"executor-of-wills"}).personality, Personality::kCooper);
}

}  // namespace
}  // namespace cooper::cli
