#include "cli/doctor_isolation.h"

#include <gmock/gmock.h>

namespace cooper::cli {
namespace {

using sandbox::Tier;
using sandbox::TierReport;
using ::testing::HasSubstr;
using ::testing::Not;

const Environment kAnywhere{std::map<std::string, std::string>()};
const Environment kGitlab{std::map<std::string, std::string>{{"GITLAB_CI", "true"}}};

std::vector<TierReport> reports(Tier best) {
  std::vector<TierReport> all;
  bool works = false;
  for (const Tier tier : {Tier::kPrivileged, Tier::kUserNamespace, Tier::kEmulatedRoot, Tier::kEmulated}) {
    works = works || tier == best;
    TierReport report{.tier = tier, .steps = {{"plain", true, "", ""}}, .works = works};
    if (!works) report.steps.push_back({"mount", false, "not permitted", "do this"});
    all.push_back(report);
  }
  return all;
}

TEST(DoctorIsolation, SaysWhatIsMissingAndWhatWouldAllowIt) {
  auto all = reports(Tier::kEmulated);
  all.back().steps.push_back({"hard links", true, "not permitted; files are copied", ""});
  const std::string text = render_tiers(all);
  EXPECT_THAT(text, HasSubstr("no   privileged"));
  EXPECT_THAT(text, HasSubstr("missing: mount: not permitted\n       to allow it: do this\n"));
  EXPECT_THAT(text, HasSubstr("no   userns         namespaces and mounts, as any user\n"
                              "       missing: mount: not permitted\n"
                              "       to allow it: as above\n"));
  EXPECT_THAT(text, HasSubstr("yes  emulated "));
  EXPECT_THAT(text, HasSubstr("hard links: not permitted; files are copied"));
  EXPECT_THAT(text, Not(HasSubstr("plain")));
}

TEST(DoctorIsolation, NamesTheSettingsOfThePlatformItRunsOn) {
  const auto all = reports(Tier::kEmulatedRoot);
  const std::string gitlab = render_choice(all, kGitlab);
  EXPECT_THAT(gitlab, HasSubstr("RUN steps use: emulated-root\n"));
  EXPECT_THAT(gitlab, HasSubstr("[runners.docker] privileged = true"));
  EXPECT_THAT(gitlab, Not(HasSubstr("CodeBuild")));
  const std::string anywhere = render_choice(all, kAnywhere);
  EXPECT_THAT(anywhere, HasSubstr("CodeBuild"));
  EXPECT_THAT(anywhere, HasSubstr("hostUsers: false"));
}

TEST(DoctorIsolation, HasNoAdviceWhereThereIsNothingBetter) {
  for (const Tier tier : {Tier::kPrivileged, Tier::kUserNamespace}) {
    EXPECT_THAT(render_choice(reports(tier), kAnywhere), Not(HasSubstr("What gives")));
  }
  EXPECT_THAT(render_choice(reports(Tier::kNone), kAnywhere), HasSubstr("not possible here"));
  EXPECT_EQ(chosen_tier(reports(Tier::kNone)), nullptr);
}

}  // namespace
}  // namespace cooper::cli
