#include "access/registries_conf.h"

#include "base/error.h"
#include "route_fixture.h"
#include "support/error_of.h"

namespace cooper::access {

using support::error_of;

namespace {

const std::string kDigest = "@sha256:" + std::string(64, 'a');

class AccessRegistriesConf : public RouteFixture {
 protected:
  void conf(const std::string& text) { path_ = write("/etc/containers/registries.conf", text); }
  // The error in full: place, message, hint.
  std::string refusal(const std::string& text) {
    conf(text);
    const base::Error error = error_of([&] { open_routes(options_); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << text;
    return error.render();
  }

  std::string path_;
};

}  // namespace

TEST_F(AccessRegistriesConf, LocationRenamesPullsAndPushes) {
  conf(R"(unqualified-search-registries = ["elsewhere.example"]
[[registry]]
prefix = "old.example/team"
location = "new.example:5000/archive"
)");
  EXPECT_EQ(pulls("old.example/team/app:1"), "new.example:5000/archive/app:1");
  EXPECT_EQ(push("old.example/team/app:1"), "new.example:5000/archive/app:1");
  EXPECT_EQ(pulls("old.example/teammate/app:1"), "old.example/teammate/app:1") << "a prefix ends at a '/'";
  EXPECT_EQ(pulls("debian"), "docker.io/library/debian:latest") << "short names are docker.io's";
  EXPECT_TRUE(notes_.empty());
}

TEST_F(AccessRegistriesConf, MirrorsServeTagsDigestsOrBoth) {
  conf(R"([[registry]]
location = "r.example"
[[registry.mirror]]
location = "all.example/x"
[[registry.mirror]]
location = "digest.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tag.example"
pull-from-mirror = "tag-only"
)");
  EXPECT_EQ(pulls("r.example/a:1"), "all.example/x/a:1, tag.example/a:1, r.example/a:1");
  EXPECT_EQ(pulls("r.example/a" + kDigest),
            "all.example/x/a" + kDigest + ", digest.example/a" + kDigest + ", r.example/a" + kDigest);
}

TEST_F(AccessRegistriesConf, MirrorByDigestOnly) {
  conf(
      "[[registry]]\nlocation = 'r.example'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "
      "'m.example'\n");
  EXPECT_EQ(pulls("r.example/a:1"), "r.example/a:1");
  EXPECT_EQ(pulls("r.example/a" + kDigest), "m.example/a" + kDigest + ", r.example/a" + kDigest);
}

TEST_F(AccessRegistriesConf, WildcardsMeanHostsBelowADomain) {
  conf(R"([[registry]]
prefix = "*.corp.example"
location = "mirror.example/corp"
[[registry]]
prefix = "*.blocked.example"
blocked = true
[[registry]]
location = "fine.blocked.example/app"
)");
  EXPECT_EQ(pulls("a.corp.example/x"), "mirror.example/corp/x:latest");
  EXPECT_EQ(pulls("a.b.corp.example/x"), "mirror.example/corp/x:latest");
  EXPECT_EQ(pulls("corp.example/x"), "corp.example/x:latest");
  EXPECT_EQ(pulls("notcorp.example/x"), "notcorp.example/x:latest");
  EXPECT_EQ(pulls("fine.blocked.example/app"), "fine.blocked.example/app:latest") << "the longer prefix wins";
  const base::Error error = error_of([&] { pulls("a.blocked.example/app"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_NE(error.message().find(path_ + ":4"), std::string::npos) << error.message();
  EXPECT_THROW(push("a.blocked.example/app"), base::Error);
}

TEST_F(AccessRegistriesConf, InsecureMeansAnyCertificateOrNone) {
  conf(
      "[[registry]]\nlocation = 'r.example:5000/a'\ninsecure = true\n[[registry.mirror]]\nlocation = "
      "'m.example/b'\ninsecure = true\n");
  for (const char* name : {"r.example:5000", "m.example"}) {
    EXPECT_TRUE(host(name).may_be_plain) << name;
    EXPECT_FALSE(host(name).tls.verify) << name;
  }
  EXPECT_FALSE(host("r.example").may_be_plain);
}

TEST_F(AccessRegistriesConf, DropInsReplaceTablesInTheirOrder) {
  conf(
      "[[registry]]\nlocation = 'r.example'\nblocked = true\n[[registry]]\nlocation = 's.example'\nblocked = "
      "true\n");
  write("/etc/containers/registries.conf.d/10-a.conf",
        "[[registry]]\nprefix = 'r.example'\nlocation = 'a.example'\n");
  write("/etc/containers/registries.conf.d/20-b.conf",
        "[[registry]]\nprefix = 'r.example'\nlocation = 'b.example'\n");
  write("/etc/containers/registries.conf.d/30-c.txt", "this is not read");
  EXPECT_EQ(pulls("r.example/x"), "b.example/x:latest");
  EXPECT_THROW(pulls("s.example/x"), base::Error);
  write("/home/.config/containers/registries.conf.d/00.conf", "[[registry]]\nlocation = 'r.example'\n");
  EXPECT_EQ(pulls("r.example/x"), "r.example/x:latest");
}

TEST_F(AccessRegistriesConf, TheUsersFileStandsInForTheSystems) {
  conf("[[registry]]\nlocation = 'r.example'\nblocked = true\n");
  write("/home/.config/containers/registries.conf",
        "[[registry]]\nprefix = 'r.example'\nlocation = 'u.example'\n");
  EXPECT_EQ(pulls("r.example/x"), "u.example/x:latest");
  options_.environment["CONTAINERS_REGISTRIES_CONF"] =
      write("/v.conf", "[[registry]]\nprefix = 'r.example'\nlocation = 'v.example'\n");
  EXPECT_EQ(pulls("r.example/x"), "v.example/x:latest");
  options_.environment["CONTAINERS_REGISTRIES_CONF"] = "/no/such.conf";
  EXPECT_THROW(pulls("r.example/x"), base::Error);
}

TEST_F(AccessRegistriesConf, SaysWhereAFileIsWrong) {
  auto expect = [&](const std::string& text, const std::string& place, const std::string& part) {
    const std::string said = refusal(text);
    EXPECT_NE(said.find(path_ + ":" + place), std::string::npos) << said;
    EXPECT_NE(said.find(part), std::string::npos) << said;
  };
  expect("[[registry]]\nlocation = \n", "2", "toml");
  expect("\n[registries.search]\nregistries = ['docker.io']\n", "2", "version 1");
  expect("[[registry]]\nlocation = 'r.example'\nblocked = 'yes'\n", "3", "'blocked'");
  expect("[[registry]]\nblocked = true\n", "1", "location");
  expect("[[registry]]\nlocation = 'r.example/UPPER'\n", "1", "UPPER");
  expect("[[registry]]\nprefix = 'r.example/a:tag'\n", "1", "r.example/a:tag");
  expect("[[registry]]\nprefix = '*.r.example/a'\nlocation = 'x.example'\n", "1", "wildcard");
  expect("[[registry]]\nlocation = 'r.example'\n[[registry.mirror]]\ninsecure = true\n", "3", "location");
  expect(
      "[[registry]]\nlocation = 'r.example'\n[[registry.mirror]]\nlocation = 'm.example'\npull-from-mirror = "
      "'never'\n",
      "3", "never");
  expect("registry = 'r.example'\n", "1", "'registry'");
}

TEST_F(AccessRegistriesConf, TellsOfWhatItDoesNotKnow) {
  conf("[[registry]]\nlocation = 'r.example'\nblokced = true\n");
  open_routes(options_);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find(path_ + ":3"), std::string::npos) << notes_[0];
  EXPECT_NE(notes_[0].find("'blocked'"), std::string::npos) << notes_[0];
}

TEST_F(AccessRegistriesConf, SurvivesDeepNests) {
  EXPECT_FALSE(refusal("x = " + std::string(100'000, '[')).empty());
}

}  // namespace cooper::access
