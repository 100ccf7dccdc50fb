#include "access/auth_flag.h"

#include <gmock/gmock.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::access {
namespace {

using support::error_of;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AccessAuthFlag : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) const {
    os::write_file_atomically(directory_.path() + "/" + name, content);
    return directory_.path() + "/" + name;
  }
  base::Error refusal(const std::string& value) {
    return error_of([&] { open_auth_flag(value, environment_); });
  }
  os::TempDir directory_{testing::TempDir(), "auth-flag-"};
  std::map<std::string, std::string> environment_ = {
      {"PASSWORD", "hush,hush=$+"}, {"NAME", "robot$x"}, {"TOKEN", "refresh"}};
};

TEST_F(AccessAuthFlag, TakesAPasswordByReference) {
  auto store = open_auth_flag("host=r.example:5000,username=ci,password-env=PASSWORD", environment_);
  const auto found = store->find("r.example:5000", "team/app", {}).found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "ci");
  EXPECT_EQ(found->password, "hush,hush=$+");
  EXPECT_EQ(found->source, "--registry-auth");
  EXPECT_THAT(store->find("r.example", "team/app", {}).tried,
              ::testing::ElementsAre("--registry-auth is for 'r.example:5000'"));
}

TEST_F(AccessAuthFlag, IsForAPartOfAHostAndReadsFilesAnew) {
  const std::string path = file("password", "first\n");
  auto store =
      open_auth_flag("host=https://r.example/team,username-env=NAME,password-file=" + path, environment_);
  EXPECT_EQ(store->find("r.example", "team/app", {}).found->username, "robot$x");
  EXPECT_EQ(store->find("r.example", "team/app", {}).found->password, "first");
  EXPECT_TRUE(store->find("r.example", "team", {}).found);
  EXPECT_FALSE(store->find("r.example", "teams/app", {}).found);
  file("password", "second\n");
  EXPECT_EQ(store->find("r.example", "team/app", {}).found->password, "second");
  file("password", "");
  EXPECT_FALSE(store->find("r.example", "team/app", {}).found);
}

TEST_F(AccessAuthFlag, TakesTokens) {
  EXPECT_EQ(open_auth_flag("host=r.example,identity-token-env=TOKEN", environment_)
                ->find("r.example", "a", {})
                .found->identity_token,
            "refresh");
  EXPECT_EQ(open_auth_flag("host=r.example,registry-token-env=TOKEN", environment_)
                ->find("r.example", "a", {})
                .found->registry_token,
            "refresh");
}

TEST_F(AccessAuthFlag, TakesAFile) {
  const std::string path =
      file("auth.json", R"({"auths":{"r.example/team":{"username":"u","password":"p"}}})");
  auto store = open_auth_flag(path, environment_);
  EXPECT_EQ(store->find("r.example", "team/app", {}).found->username, "u");
  EXPECT_EQ(store->find("r.example", "team/app", {}).found->source, path);
  EXPECT_THAT(refusal(path + ".none").summary(), HasSubstr("not there"));
}

// Neither the error nor its hint repeats what may be a secret.
TEST_F(AccessAuthFlag, NeverTakesASecretItself) {
  for (const char* value :
       {"host=r.example,username=ci,password=opensesame", "password=opensesame,host=r.example",
        "host=r.example,identity-token=opensesame", "host=r.example,username=ci,password=a,opensesame",
        "username=ci,passwordopensesame"}) {
    const base::Error error = refusal(value);
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << value;
    EXPECT_THAT(error.render(), Not(HasSubstr("opensesame"))) << value;
    EXPECT_THAT(error.hint(), AnyOf(HasSubstr("-env"), HasSubstr("-file"))) << value;
  }
}

TEST_F(AccessAuthFlag, SaysWhatIsMissing) {
  EXPECT_THAT(refusal("host=r.example,username=ci").summary(), HasSubstr("no login"));
  EXPECT_THAT(refusal("username=ci,password-env=PASSWORD").summary(), HasSubstr("no host"));
  EXPECT_THAT(refusal("host=r.example,username=ci,password-env=NOWHERE").summary(), HasSubstr("'NOWHERE'"));
  EXPECT_THAT(refusal("host=a,host=b,username=ci,password-env=PASSWORD").summary(), HasSubstr("host twice"));
}

}  // namespace
}  // namespace cooper::access
