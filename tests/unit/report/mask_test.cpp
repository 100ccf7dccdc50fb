#include "report/mask.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace cooper::report {
namespace {

// Every way of cutting the text in two and three must give the same.
void expect_masked(const Masker& masker, const std::string& text, const std::string& expected) {
  EXPECT_EQ(masker.mask(text), expected);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      Masker::Stream stream(masker);
      std::string out = stream.write(text.substr(0, i));
      out += stream.write(text.substr(i, j - i));
      out += stream.write(text.substr(j));
      out += stream.flush();
      ASSERT_EQ(out, expected) << "cut at " << i << " and " << j;
    }
  }
}

TEST(ReportMask, ReplacesSecretsAcrossChunks) {
  const Masker masker({"s3cret", "token"});
  expect_masked(masker, "a s3cret and a token, s3cre", "a *** and a ***, s3cre");
}

TEST(ReportMask, CoversTheLongestOfNestedSecrets) {
  expect_masked(Masker({"abcd", "abcdefgh"}), "xabcdefghy abcdz", "x***y ***z");
}

TEST(ReportMask, CoversOverlappingSecretsAsAWhole) {
  expect_masked(Masker({"abcdef", "defghi"}), "1abcdefghi2", "1***2");
  expect_masked(Masker({"aaaa"}), "baaaaaaab", "b***b");
}

TEST(ReportMask, KnowsASecretWithoutItsLineBreak) {
  const Masker masker({"password\n"});
  expect_masked(masker, "password!", "***!");
  expect_masked(masker, "password\n", "***");
}

TEST(ReportMask, LeavesTooShortSecretsAlone) {
  const Masker masker({"abc", "", "\n"});
  EXPECT_TRUE(masker.empty());
  EXPECT_EQ(masker.mask("abcabc"), "abcabc");
}

TEST(ReportMask, TakesAnyBytes) {
  const std::string secret("\x00\xff\n\x80x", 5);
  expect_masked(Masker({secret}), "a" + secret + "b", "a***b");
}

TEST(ReportMask, HoldsBackOnlyWhatMayBecomeASecret) {
  const Masker masker({"secret"});
  Masker::Stream stream(masker);
  EXPECT_EQ(stream.write("prompt: "), "prompt: ");
  EXPECT_EQ(stream.write("sec"), "");
  EXPECT_EQ(stream.write("tion"), "section");
}

}  // namespace
}  // namespace cooper::report
