#include "context/git_refs.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::context {
namespace {

using support::error_of;
using ::testing::HasSubstr;

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kC(40, 'c');

class ContextGitRefs : public ::testing::Test {
 protected:
  GitRevision resolve(const std::string& ref) const { return resolve_ref(refs_, ref, url_); }
  base::Error failure(const std::string& ref) const {
    return error_of([&] { resolve(ref); });
  }

  const GitUrl url_ = GitUrl::parse("https://h/x.git");
  GitRefs refs_{{{"HEAD", kA},
                 {"refs/heads/main", kA},
                 {"refs/heads/same", kA},
                 {"refs/tags/same", kB},
                 {"refs/tags/v1", kB},
                 {"refs/tags/v1^{}", kC},
                 {"refs/pull/7/head", kC}},
                "refs/heads/main"};
};

TEST_F(ContextGitRefs, TheDefaultIsWhatHeadIs) {
  EXPECT_EQ(resolve("").ref, "refs/heads/main");
  EXPECT_EQ(resolve("HEAD").commit, kA);
  refs_.head_target = "refs/heads/gone";
  EXPECT_EQ(resolve("").ref, "");
  EXPECT_EQ(resolve("").commit, kA);
  refs_.objects.erase("HEAD");
  EXPECT_THAT(failure("").message(), HasSubstr("has no default branch"));
  refs_.objects.clear();
  EXPECT_THAT(failure("").message(), HasSubstr("is empty"));
}

TEST_F(ContextGitRefs, NamesAreShortOrFull) {
  EXPECT_EQ(resolve("main").ref, "refs/heads/main");
  EXPECT_EQ(resolve("refs/heads/main").commit, kA);
  EXPECT_EQ(resolve("heads/main").commit, kA);
  EXPECT_EQ(resolve("pull/7/head").commit, kC);
  EXPECT_EQ(resolve("same").ref, "refs/heads/same") << "branches win";
  EXPECT_EQ(resolve("tags/same").commit, kB);
}

TEST_F(ContextGitRefs, AnnotatedTagsStandForTheirCommit) {
  EXPECT_EQ(resolve("v1").commit, kC);
  EXPECT_EQ(resolve("v1").tag, kB);
  EXPECT_EQ(resolve("v1").ref, "refs/tags/v1");
}

TEST_F(ContextGitRefs, FindsWhereARevisionIs) {
  EXPECT_EQ(refs_.at({kC, "refs/tags/v1", kB}), "refs/tags/v1");
  EXPECT_EQ(refs_.at({kC, "", ""}), "refs/pull/7/head");
  refs_.objects.erase("refs/pull/7/head");
  EXPECT_EQ(refs_.at({kC, "", ""}), "refs/tags/v1") << "the tag brings its commit";
  EXPECT_EQ(refs_.at({std::string(40, 'd'), "refs/heads/main", ""}), "") << "it moved";
}

TEST_F(ContextGitRefs, WhatIsMissingComesWithAHint) {
  EXPECT_THAT(failure("mian").message(), HasSubstr("git repository 'https://h/x.git' has no ref 'mian'"));
  EXPECT_EQ(failure("mian").hint(), "did you mean 'main'?");
  EXPECT_EQ(failure("deadbeef").hint(), "give all 40 digits of a commit id");
  EXPECT_THAT(failure("nothing-like-it").hint(), HasSubstr("git ls-remote"));
}

TEST(ContextGitRefsChecksum, ChecksumsAreACommitOrATagOrTheirBeginning) {
  const GitUrl url = GitUrl::parse("https://h/x.git");
  const GitRevision revision{std::string(40, 'a'), "refs/tags/v1", std::string(40, 'b')};
  for (const std::string& good :
       {std::string(), std::string("aa"), std::string("AAAA"), std::string(40, 'a'), std::string(40, 'b')}) {
    EXPECT_NO_THROW(check_revision(revision, good, url)) << good;
  }
  base::Error wrong = error_of([&] { check_revision(revision, "abc", url); });
  EXPECT_THAT(wrong.message(), HasSubstr("expected checksum to match 'abc', got '" + revision.commit + "'"));
  EXPECT_THAT(wrong.message(), HasSubstr(revision.tag));
  base::Error bad = error_of([&] { check_revision(revision, "sha256:12", url); });
  EXPECT_THAT(bad.message(), HasSubstr("invalid checksum 'sha256:12'"));
}

}  // namespace
}  // namespace cooper::context
