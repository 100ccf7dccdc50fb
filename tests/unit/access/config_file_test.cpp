#include "access/config_file.h"

#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::access {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AccessConfigFile : public testing::Test {
 protected:
  void write(const std::string& user, const std::string& password) const {
    os::write_file_atomically(
        path_, R"({"auths":{"r.example":{"username":")" + user + R"(","password":")" + password + R"("}}})");
  }
  static std::string password(ConfigFile& file) {
    const auto found = file.find("r.example", "app", {}).found;
    return found ? found->password : "none";
  }
  os::TempDir directory_{testing::TempDir(), "config-file-"};
  std::string path_ = directory_.path() + "/config.json";
};

TEST_F(AccessConfigFile, IsReadAgainWhenItChanged) {
  write("u", "first");
  ConfigFile file(path_, {});
  EXPECT_EQ(password(file), "first");
  write("u", "second one");
  EXPECT_EQ(password(file), "second one");
  std::filesystem::remove(path_);
  EXPECT_THAT(file.find("r.example", "app", {}).tried, ElementsAre(path_ + " does not exist"));
  write("u", "third");
  EXPECT_EQ(password(file), "third");
}

// Same file, same size, same time: only the refusal says that something must have happened.
TEST_F(AccessConfigFile, IsReadAgainWhenItsCredentialWasRefused) {
  write("u", "old");
  struct stat before {};
  ASSERT_EQ(::stat(path_.c_str(), &before), 0);
  ConfigFile file(path_, {});
  EXPECT_EQ(password(file), "old");
  const os::Fd fd = os::open_file(path_, O_WRONLY | O_TRUNC);
  os::FdSink(fd.get(), path_)
      .write(std::as_bytes(
          std::span(std::string_view(R"({"auths":{"r.example":{"username":"u","password":"new"}}})"))));
  const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::futimens(fd.get(), times.data()), 0);
  EXPECT_EQ(password(file), "old");
  file.refused("r.example");
  EXPECT_EQ(password(file), "new");
}

TEST_F(AccessConfigFile, HalfAFileCountsAsTheOneBefore) {
  write("u", "whole");
  ConfigFile file(path_, {});
  os::write_file_atomically(path_, R"({"auths":{"r.exa)");
  EXPECT_EQ(password(file), "whole");
  const registry::CredentialSearch search = file.find("other.example", "app", {});
  EXPECT_THAT(search.tried, ElementsAre(HasSubstr("cannot be used"), HasSubstr("has nothing for")));
  write("u", "again");
  EXPECT_EQ(password(file), "again");
}

TEST_F(AccessConfigFile, MalformedFromTheStartIsAnError) {
  os::write_file_atomically(path_, "{");
  EXPECT_EQ(support::error_of([&] { ConfigFile(path_, {}); }).kind(), base::ErrorKind::kUsage);
}

TEST_F(AccessConfigFile, WhatMayNotBeReadIsTold) {
  std::filesystem::create_directory(path_);
  ConfigFile file(path_, {});
  EXPECT_THAT(file.find("r.example", "app", {}).tried, ElementsAre(HasSubstr(path_ + " cannot be used")));
}

// Cloud Build writes a new access token into the file before the old one ends.
TEST_F(AccessConfigFile, AccessTokensAreLookedAtAgain) {
  write("oauth2accesstoken", "ya29");
  EXPECT_TRUE(ConfigFile(path_, {}).find("r.example", "app", {}).found->renew_at);
  write("somebody", "p");
  EXPECT_FALSE(ConfigFile(path_, {}).find("r.example", "app", {}).found->renew_at);
}

}  // namespace
}  // namespace cooper::access
