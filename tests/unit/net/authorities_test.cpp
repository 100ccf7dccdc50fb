#include "net/authorities.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::net {

namespace {

using support::error_of;

std::string certificate(const std::string& content) {
  return "-----BEGIN CERTIFICATE-----\n" + content + "\n-----END CERTIFICATE-----";
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class NetAuthorities : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cooper-authorities-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  std::string folder_;
};

}  // namespace

TEST_F(NetAuthorities, AddToTheSystemsEachOnce) {
  const std::string system = read_authorities({}, "");
  const std::string a = write("a.pem", "comment\n" + certificate("first") + "\n" + certificate("second"));
  const std::string b = write("b.pem", certificate("second") + certificate("third"));
  const std::string all = read_authorities({a, b}, folder_ + ":/no/such/directory:");
  EXPECT_EQ(all.rfind(system, 0), 0U);
  for (const char* content : {"first", "second", "third"}) EXPECT_EQ(count(all, content), 1U) << content;
  EXPECT_EQ(count(all, "comment"), 0U);
}

TEST_F(NetAuthorities, AreFoundWhereOtherSystemsKeepThem) {
  EXPECT_EQ(system_authorities(folder_), "");
  for (const char* place : {"/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs/ca-bundle.crt",
                            "/etc/ssl/certs/ca-certificates.crt"}) {
    const std::filesystem::path file = folder_ + place;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << certificate("authority");
    EXPECT_EQ(system_authorities(folder_), file.string());
  }
}

TEST_F(NetAuthorities, DirectoriesMayHoldOtherThings) {
  write("README", "nothing to see");
  write("key.pem", "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n");
  write("half.pem", "-----BEGIN CERTIFICATE-----\nhalf");
  std::filesystem::create_directory(folder_ + "/sub");
  write("one.pem", certificate("one"));
  const std::string all = read_authorities({}, folder_);
  EXPECT_EQ(count(all, "one"), 1U);
  EXPECT_EQ(count(all, "hush") + count(all, "half"), 0U);
}

TEST_F(NetAuthorities, AFileWithoutAnyIsRefused) {
  const std::string key = write("key.pem", "-----BEGIN PRIVATE KEY-----\nhush\n");
  for (const std::string& path : {key, folder_, folder_ + "/none"}) {
    const base::Error error = error_of([&] { read_authorities({path}, ""); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(error.message().find(path), std::string::npos) << error.message();
  }
}

}  // namespace cooper::net
