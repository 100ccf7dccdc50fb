#include "registry/diagnosis.h"

#include <gmock/gmock.h>

#include "fixtures.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using Outcome = DiagnosisStep::Outcome;
using testing::fail_times;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeTokenServer;
using ::testing::HasSubstr;
using testing::refusal;

class RegistryDiagnosis : public ::testing::Test {
 protected:
  bool diagnose(const std::string& name, bool push = false,
                std::shared_ptr<CredentialStore> credentials = nullptr) {
    DiagnosisOptions options;
    options.push = push;
    steps_.clear();
    return registry::diagnose(http_client(), credentials, options, reference(fake_.host(), name),
                              [this](const DiagnosisStep& step) { steps_.push_back(step); }, {});
  }
  // The first step whose name has `part`.
  DiagnosisStep step(const std::string& part) const {
    for (const DiagnosisStep& one : steps_) {
      if (one.what.find(part) != std::string::npos) return one;
    }
    ADD_FAILURE() << "no step '" << part << "'";
    return {};
  }
  FakeRegistry fake_;
  std::vector<DiagnosisStep> steps_;
};

TEST_F(RegistryDiagnosis, AnOpenRegistryWorks) {
  fake_.add_manifest("app", "1", std::string(oci::kMediaTypeManifest), "{}");
  EXPECT_TRUE(diagnose("app:1"));
  EXPECT_THAT(step("what it wants").detail, HasSubstr("open"));
  EXPECT_THAT(step("ask for '").detail, HasSubstr(base::sha256("{}").str()));
  EXPECT_EQ(fake_.server().count("POST", "uploads"), 0U);
}

TEST_F(RegistryDiagnosis, WhatIsPushedNeedNotBeThere) {
  EXPECT_FALSE(diagnose("app:1"));
  EXPECT_THAT(step("ask for '").remedy, HasSubstr("check the name"));
  EXPECT_TRUE(diagnose("app:1", true));
  EXPECT_EQ(step("ask to push").detail, "allowed");
  EXPECT_EQ(fake_.open_uploads(), 0U);
}

TEST_F(RegistryDiagnosis, TellsWhoAsksAndForWhichToken) {
  FakeTokenServer tokens;
  tokens.require_basic("ci", "hunter2");
  fake_.require_token(tokens.realm());
  EXPECT_TRUE(diagnose("app:1", true, user("ci", "hunter2")));
  EXPECT_THAT(step("what it wants").detail, HasSubstr(tokens.realm()));
  EXPECT_EQ(step("find credentials").detail, "user 'ci' of the test");
  EXPECT_EQ(step("get a token for 'repository:app:pull,push'").detail, "granted");
}

TEST_F(RegistryDiagnosis, AWrongPasswordIsTheStepThatFails) {
  FakeTokenServer tokens;
  tokens.require_basic("ci", "secret");
  fake_.require_token(tokens.realm());
  EXPECT_FALSE(diagnose("app:1", true, user("ci", "hunter2")));
  EXPECT_EQ(step("get a token").outcome, Outcome::kFails);
  EXPECT_THAT(step("get a token").remedy, HasSubstr("cooper login " + fake_.host()));
  for (const DiagnosisStep& one : steps_) {
    EXPECT_THAT(one.detail + one.remedy, Not(HasSubstr("hunter2")));
  }
}

TEST_F(RegistryDiagnosis, AReadOnlyUserMayPullAndNotPush) {
  fake_.server().before(fail_times(9, "POST", "uploads", refusal(403, "DENIED", "read only")));
  EXPECT_FALSE(diagnose("app:1", true));
  EXPECT_EQ(step("ask for '").outcome, Outcome::kWorks);
  EXPECT_EQ(step("ask to push").outcome, Outcome::kFails);
  EXPECT_THAT(step("ask to push").detail, HasSubstr("read only"));
}

TEST_F(RegistryDiagnosis, SaysWhatIsNoRegistry) {
  FakeReply page;
  page.status = 404;
  fake_.server().before(fail_times(9, "GET", "/v2/", page));
  EXPECT_FALSE(diagnose("app:1", true));
  EXPECT_EQ(step("what it wants").outcome, Outcome::kFails);
  EXPECT_EQ(fake_.server().requests().size(), 1U) << "a host is greeted once";
}

TEST_F(RegistryDiagnosis, SaysThatNobodyListens) {
  DiagnosisOptions options;
  std::vector<DiagnosisStep> steps;
  const oci::Reference nobody = oci::Reference::parse("127.0.0.1:1/app");
  EXPECT_FALSE(registry::diagnose(http_client(), nullptr, options, nobody,
                                  [&](const DiagnosisStep& one) { steps.push_back(one); }, {}));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_THAT(steps[0].remedy, HasSubstr("port"));
}

}  // namespace

}  // namespace cooper::registry
