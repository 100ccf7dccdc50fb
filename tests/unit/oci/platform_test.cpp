#include "oci/platform.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::oci {

TEST(OciPlatform, NormalisesNames) {
  const std::pair<const char*, const char*> kCases[] = {
      {"linux/amd64", "linux/amd64"},       {"linux/x86_64", "linux/amd64"},
      {"linux/x86-64", "linux/amd64"},      {"linux/amd64/v1", "linux/amd64"},
      {"linux/amd64/v2", "linux/amd64/v2"}, {"Linux/AArch64", "linux/arm64"},
      {"linux/arm64/v8", "linux/arm64"},    {"linux/arm64/8", "linux/arm64"},
      {"linux/arm64/v9", "linux/arm64/v9"}, {"linux/arm", "linux/arm/v7"},
      {"linux/arm/7", "linux/arm/v7"},      {"linux/armhf", "linux/arm/v7"},
      {"linux/armel", "linux/arm/v6"},      {"linux/arm/v5", "linux/arm/v5"},
      {"linux/i386", "linux/386"},          {"macos/arm64", "darwin/arm64"},
      {"linux/s390x", "linux/s390x"},       {"solaris/other", "solaris/other"},
  };
  for (const auto& [text, expected] : kCases) EXPECT_EQ(parse_platform(text).str(), expected) << text;
}

TEST(OciPlatform, FillsTheOtherHalfFromTheHost) {
  Platform host = host_platform();
  EXPECT_EQ(host.os, "linux");
  EXPECT_FALSE(host.architecture.empty());
  EXPECT_EQ(parse_platform("linux"), host);
  EXPECT_EQ(parse_platform("riscv64").str(), "linux/riscv64");
  EXPECT_EQ(parse_platform("armhf").str(), "linux/arm/v7");
}

TEST(OciPlatform, ReadsTheWindowsVersion) {
  Platform platform = parse_platform("windows(10.0.17763)/amd64");
  EXPECT_EQ(platform.os, "windows");
  EXPECT_EQ(platform.os_version, "10.0.17763");
  EXPECT_EQ(platform.str(), "windows/amd64");
  EXPECT_EQ(platform.full_str(), "windows(10.0.17763)/amd64");
}

TEST(OciPlatform, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "linux/", "/amd64", "linux//v7", "linux/amd64/v1/x", "linux/am d64",
                           "nonsense", "*", "linux/amd64\n", "windows(10/amd64", "windows()/amd64"}) {
    try {
      parse_platform(text);
      ADD_FAILURE() << "accepted '" << text << "'";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(OciPlatform, OlderCpusServeNewerOnes) {
  auto serves = [](const char* wanted, const char* candidate) {
    return can_serve(parse_platform(wanted), parse_platform(candidate));
  };
  EXPECT_TRUE(serves("linux/amd64", "linux/amd64"));
  EXPECT_TRUE(serves("linux/amd64/v3", "linux/amd64/v2"));
  EXPECT_TRUE(serves("linux/amd64/v3", "linux/amd64"));
  EXPECT_FALSE(serves("linux/amd64", "linux/amd64/v2"));
  EXPECT_TRUE(serves("linux/amd64", "linux/386"));
  EXPECT_TRUE(serves("linux/arm/v7", "linux/arm/v6"));
  EXPECT_FALSE(serves("linux/arm/v6", "linux/arm/v7"));
  EXPECT_TRUE(serves("linux/arm64", "linux/arm/v7"));
  EXPECT_TRUE(serves("linux/arm64/v9", "linux/arm64"));
  EXPECT_TRUE(serves("linux/arm64/v9", "linux/arm64/v8.5"));
  EXPECT_FALSE(serves("linux/arm64/v9", "linux/arm64/v8.6"));
  EXPECT_FALSE(serves("linux/arm64", "linux/arm64/v9"));
  EXPECT_FALSE(serves("linux/amd64", "linux/arm64"));
  EXPECT_FALSE(serves("linux/amd64", "windows/amd64"));
}

TEST(OciPlatform, PrefersTheNearest) {
  auto score = [](const char* wanted, const char* candidate) {
    return match_score(parse_platform(wanted), parse_platform(candidate));
  };
  EXPECT_GT(score("linux/arm/v7", "linux/arm/v7"), score("linux/arm/v7", "linux/arm/v6"));
  EXPECT_GT(score("linux/arm/v7", "linux/arm/v6"), score("linux/arm/v7", "linux/arm/v5"));
  EXPECT_GT(score("linux/amd64", "linux/amd64"), score("linux/amd64", "linux/386"));
}

TEST(OciPlatform, WindowsBuildsMustAgree) {
  Platform wanted = parse_platform("windows(10.0.17763)/amd64");
  Platform image = wanted;
  image.os_version = "10.0.17763.5000";
  EXPECT_TRUE(can_serve(wanted, image));
  image.os_version = "10.0.20348.1";
  EXPECT_FALSE(can_serve(wanted, image));
}

}  // namespace cooper::oci
