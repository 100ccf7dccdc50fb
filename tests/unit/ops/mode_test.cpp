#include <gtest/gtest.h>

#include "ops/copy.h"
#include "support/error_of.h"

namespace cooper::ops {
namespace {

using support::error_of;

std::uint32_t file(const std::string& chmod, std::uint32_t mode) {
  return apply_mode(chmod, mode, false);
}
std::uint32_t directory(const std::string& chmod, std::uint32_t mode) {
  return apply_mode(chmod, mode, true);
}

TEST(OpsMode, OctalReplacesEverything) {
  EXPECT_EQ(file("644", 0777), 0644U);
  EXPECT_EQ(file("0", 0777), 0U);
  EXPECT_EQ(file("04755", 0600), 04755U);
  EXPECT_EQ(directory("1777", 02755), 01777U);
}

TEST(OpsMode, SymbolicClausesChangeWhatTheyName) {
  EXPECT_EQ(file("u=rw,g=r,o=", 0777), 0640U);
  EXPECT_EQ(file("+x", 0644), 0755U);
  EXPECT_EQ(file("a-w", 0666), 0444U);
  EXPECT_EQ(file("go-rwx", 0755), 0700U);
  EXPECT_EQ(file("u+x,go+r", 0600), 0744U);
  EXPECT_EQ(file("u+rw-x", 0100), 0600U) << "several operations in one clause";
  EXPECT_EQ(file("o=", 0777), 0770U);
}

TEST(OpsMode, CapitalXIsForDirectoriesAndWhatIsExecutableAlready) {
  EXPECT_EQ(file("a+X", 0644), 0644U);
  EXPECT_EQ(file("a+X", 0744), 0755U);
  EXPECT_EQ(directory("a+X", 0644), 0755U);
  EXPECT_EQ(file("u=rwX,go=rX", 0600), 0644U);
  EXPECT_EQ(directory("u=rwX,go=rX", 0700), 0755U);
}

TEST(OpsMode, SetIdAndStickyBitsFollowTheirOwner) {
  EXPECT_EQ(file("u+s", 0755), 04755U);
  EXPECT_EQ(file("g+s", 0755), 02755U);
  EXPECT_EQ(file("+t", 0755), 01755U);
  EXPECT_EQ(file("u=rwx", 04755), 0755U);
  EXPECT_EQ(directory("g=rx", 02770), 02750U) << "directories keep set-id bits, as with chmod(1)";
}

TEST(OpsMode, PermissionsAreCopiedFromAnotherClass) {
  EXPECT_EQ(file("g=u", 0640), 0660U);
  EXPECT_EQ(file("o=g", 0750), 0755U);
}

TEST(OpsMode, RefusesWhatIsNeither) {
  for (const char* chmod :
       {"", "8", "789", "10000", "07777777", "u", "u=q", "rwx", "u=r,,g=r", "u=r,", "-", "u~r"}) {
    if (std::string(chmod) == "-") continue;  // "-" takes nothing away, as "=" with no letters sets none
    EXPECT_EQ(error_of([&] { file(chmod, 0644); }).kind(), base::ErrorKind::kDockerfile) << chmod;
  }
  base::Error error = error_of([] { file("0888", 0644); });
  EXPECT_EQ(error.message(), "invalid --chmod value '0888'");
  EXPECT_NE(error.hint(), "");
}

}  // namespace
}  // namespace cooper::ops
