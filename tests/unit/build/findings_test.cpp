#include "build/findings.h"

#include <gmock/gmock.h>

namespace cooper::build {
namespace {

using ::testing::ElementsAre;

TEST(BuildFindings, EachIsToldOnce) {
  std::vector<std::string> told;
  Findings findings([&](const std::string& file, const dockerfile::LintWarning& warning) {
    told.push_back(file + " " + warning.message);
  });
  dockerfile::LintWarning warning{"Rule", "", "", "a", {1, 2}};
  findings.add("Dockerfile", warning);
  findings.add("Dockerfile", warning);
  warning.lines = {2, 2};
  findings.add("Dockerfile", warning);
  warning.message = "b";
  findings.add("Dockerfile", warning);
  EXPECT_THAT(told, ElementsAre("Dockerfile a", "Dockerfile a", "Dockerfile b"));
}

TEST(BuildFindings, NobodyNeedsToListen) {
  Findings(nullptr).add("Dockerfile", {});
}

}  // namespace
}  // namespace cooper::build
