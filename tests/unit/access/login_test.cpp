#include "access/login.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "access/docker_config.h"
#include "base/base64.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::access {
namespace {

using ::testing::HasSubstr;

class AccessLogin : public testing::Test {
 protected:
  void write(const std::string& text) const { os::write_file_atomically(path_, text, 0644); }
  nlohmann::ordered_json config() const { return nlohmann::ordered_json::parse(os::read_file(path_)); }
  mode_t mode(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  Logins::Kept keep(const std::string& server, const std::string& user = "ci") {
    return Logins(path_).keep(server, user, "p:$+", {});
  }
  os::TempDir directory_{testing::TempDir(), "login-"};
  std::string path_ = directory_.path() + "/config.json";
};

TEST_F(AccessLogin, MakesFileAndDirectoryForTheOwnerOnly) {
  path_ = directory_.path() + "/new/.docker/config.json";
  const Logins::Kept kept = keep("r.example:5000");
  EXPECT_EQ(kept.where, path_);
  EXPECT_FALSE(kept.is_encrypted);
  EXPECT_EQ(mode(path_), 0600U);
  EXPECT_EQ(mode(directory_.path() + "/new/.docker"), 0700U);
  EXPECT_EQ(config()["auths"]["r.example:5000"]["auth"], base::base64_encode("ci:p:$+"));
  DockerConfigCredentials read(os::read_file(path_), path_, {});
  EXPECT_EQ(read.find("r.example:5000", "app", {}).found->password, "p:$+");
}

TEST_F(AccessLogin, LeavesAllOtherFieldsAsTheyWere) {
  write(
      R"({"zeta":[1,{"b":null,"a":2.5}],"auths":{"https://r.example/v1/":{"auth":"b2xkOm9sZA=="},"other.example":{"auth":"eDp5","email":"e"}},"HttpHeaders":{"X":"ü"},"alpha":true})");
  keep("r.example");
  const auto after = config();
  EXPECT_EQ(
      after.dump(),
      R"({"zeta":[1,{"b":null,"a":2.5}],"auths":{"other.example":{"auth":"eDp5","email":"e"},"r.example":{"auth":")" +
          base::base64_encode("ci:p:$+") + R"("}},"HttpHeaders":{"X":"ü"},"alpha":true})");
  EXPECT_EQ(mode(path_), 0600U);
}

TEST_F(AccessLogin, DockerHubHasItsOldName) {
  keep("docker.io");
  EXPECT_TRUE(config()["auths"].contains("https://index.docker.io/v1/"));
  EXPECT_TRUE(Logins(path_).forget("docker.io", {}));
  EXPECT_TRUE(config()["auths"].empty());
}

TEST_F(AccessLogin, ForgetsBySpellingsAndSaysWhenThereIsNone) {
  write(
      R"({"auths":{"https://r.example/":{"auth":"eDp5"},"r.example":{},"r.example/team":{"auth":"eDp5"}},"x":1})");
  EXPECT_TRUE(Logins(path_).forget("r.example", {}));
  EXPECT_EQ(config().dump(), R"({"auths":{"r.example/team":{"auth":"eDp5"}},"x":1})");
  EXPECT_FALSE(Logins(path_).forget("r.example", {}));
  EXPECT_FALSE(Logins(directory_.path() + "/none").forget("r.example", {}));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/none"));
}

TEST_F(AccessLogin, FollowsALinkAndKeepsIt) {
  const std::string real = directory_.path() + "/real.json";
  os::write_file_atomically(real, "{}");
  std::filesystem::create_symlink(real, path_);
  keep("r.example");
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_THAT(os::read_file(real), HasSubstr("r.example"));
}

TEST_F(AccessLogin, DoesNotTouchWhatIsNoConfiguration) {
  for (const char* text : {"[]", "{", R"({"auths":[]})"}) {
    write(text);
    const base::Error error = support::error_of([&] { keep("r.example"); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_EQ(os::read_file(path_), text);
  }
}

// A helper that notes what it was told.
class AccessLoginHelper : public AccessLogin {
 protected:
  AccessLoginHelper() : path_before_(::getenv("PATH")) {
    ::setenv("PATH", (directory_.path() + ":" + path_before_).c_str(), 1);
    script("cat >>'" + directory_.path() + "/said'; echo \" $1\" >>'" + directory_.path() + "/said'");
  }
  ~AccessLoginHelper() override { ::setenv("PATH", path_before_.c_str(), 1); }
  void script(const std::string& body) const {
    os::write_file_atomically(directory_.path() + "/docker-credential-note", "#!/bin/sh\n" + body + "\n",
                              0755);
  }
  std::string said() const { return os::read_file(directory_.path() + "/said"); }
  const std::string path_before_;
};

TEST_F(AccessLoginHelper, KeepsTheSecretOutOfTheFile) {
  write(R"({"credsStore":"note"})");
  const Logins::Kept kept = keep("docker.io");
  EXPECT_TRUE(kept.is_encrypted);
  EXPECT_EQ(kept.where, "docker-credential-note");
  EXPECT_EQ(config().dump(), R"({"credsStore":"note","auths":{"https://index.docker.io/v1/":{}}})");
  EXPECT_EQ(
      said(),
      "{\"Secret\":\"p:$+\",\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"ci\"} store\n");
  EXPECT_TRUE(Logins(path_).forget("docker.io", {}));
  EXPECT_THAT(said(), HasSubstr("\nhttps://index.docker.io/v1/ erase\n"));
  EXPECT_EQ(config().dump(), R"({"credsStore":"note","auths":{}})");
}

TEST_F(AccessLoginHelper, IsChosenByHost) {
  write(R"({"credHelpers":{"https://r.example/":"note"}})");
  EXPECT_TRUE(keep("r.example").is_encrypted);
  EXPECT_FALSE(keep("other.example").is_encrypted);
  EXPECT_FALSE(keep("r.example/team").is_encrypted);
}

TEST_F(AccessLoginHelper, ItsFailureKeepsNothing) {
  write(R"({"credsStore":"note"})");
  script("echo 'the vault is sealed'; exit 1");
  const base::Error error = support::error_of([&] { keep("r.example"); });
  EXPECT_THAT(error.summary(), HasSubstr("the vault is sealed"));
  EXPECT_EQ(error.summary().find("p:$+"), std::string::npos);
  EXPECT_EQ(os::read_file(path_), R"({"credsStore":"note"})");
  write(R"({"credsStore":"none-such"})");
  EXPECT_THAT(support::error_of([&] { keep("r.example"); }).summary(),
              HasSubstr("docker-credential-none-such, which is not installed"));
}

}  // namespace
}  // namespace cooper::access
