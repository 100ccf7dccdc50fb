#include "snapshot/accounts.h"

#include "base/error.h"
#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n# "
    "note\n\nbroken\napp:x:1000:1001::/home/app:/bin/sh\n1234:x:7:8::/seven:\n";
constexpr const char* kGroup =
    "root:x:0:root\nadm:x:4:app,root\napp:x:1001:\nvideo:x:44:app\nagain:x:44:app\n";

class SnapshotAccounts : public support::LayerFixture {
 protected:
  MergedView view_{{layer(support::LayerTar()
                              .file("usr/passwd", kPasswd)
                              .symlink("etc/passwd", "/usr/passwd")
                              .file("etc/group", kGroup))}};
  MergedView empty_{{}};
};

TEST_F(SnapshotAccounts, FindsUsersByNameWithTheirGroups) {
  Account account = resolve_account(view_, "app");
  EXPECT_EQ(account.uid, 1000U);
  EXPECT_EQ(account.gid, 1001U);
  EXPECT_EQ(account.groups, (std::vector<std::uint32_t>{4, 44}));
  EXPECT_EQ(account.home, "/home/app");
}

TEST_F(SnapshotAccounts, TakesNumbersWithOrWithoutAnEntry) {
  EXPECT_EQ(resolve_account(view_, "1000").gid, 1001U);
  EXPECT_EQ(resolve_account(view_, "1000").groups, (std::vector<std::uint32_t>{4, 44}));
  Account unknown = resolve_account(view_, "4242");
  EXPECT_EQ(unknown.uid, 4242U);
  EXPECT_EQ(unknown.gid, 0U);
  EXPECT_EQ(unknown.home, "/");
  // Digits are an id even where a user has that name.
  EXPECT_EQ(resolve_account(view_, "1234").uid, 1234U);
  EXPECT_EQ(resolve_account(empty_, "").uid, 0U);
  EXPECT_EQ(resolve_account(view_, "").home, "/root");
}

TEST_F(SnapshotAccounts, LetsAnExplicitGroupReplaceTheOthers) {
  Account account = resolve_account(view_, "app:adm");
  EXPECT_EQ(account.gid, 4U);
  EXPECT_TRUE(account.groups.empty());
  EXPECT_EQ(resolve_account(view_, "1:77").gid, 77U);
  EXPECT_EQ(resolve_account(view_, "app:").gid, 1001U);
}

TEST_F(SnapshotAccounts, NamesWhatTheImageDoesNotHave) {
  for (const char* user : {"nobody", "app:nogroup", "broken"}) {
    try {
      resolve_account(view_, user);
      FAIL() << user;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kDockerfile);
    }
  }
  EXPECT_THROW(resolve_account(empty_, "app"), base::Error);
  EXPECT_THROW(resolve_account(view_, "4294967295"), base::Error);
}

TEST_F(SnapshotAccounts, ResolvesOwnersOfCopiedFiles) {
  EXPECT_EQ(resolve_owner(view_, "55", "").gid, 55U);
  EXPECT_EQ(resolve_owner(view_, "1000", "").gid, 1000U);
  EXPECT_EQ(resolve_owner(view_, "app", "").gid, 1001U);
  EXPECT_EQ(resolve_owner(view_, "app", "video").gid, 44U);
  EXPECT_EQ(resolve_owner(view_, "", "adm").gid, 4U);
  EXPECT_THROW(resolve_owner(view_, "nobody", ""), base::Error);
}

}  // namespace
}  // namespace cooper::snapshot
