#include "oci/reference.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::oci {

namespace {

const std::string kHex(64, 'a');

}  // namespace

TEST(OciReference, ExpandsFamiliarNames) {
  const std::tuple<std::string, std::string, std::string> kCases[] = {
      {"debian", "docker.io/library/debian:latest", "debian:latest"},
      {"debian:12", "docker.io/library/debian:12", "debian:12"},
      {"user/app", "docker.io/user/app:latest", "user/app:latest"},
      {"docker.io/debian", "docker.io/library/debian:latest", "debian:latest"},
      {"index.docker.io/user/app:1", "docker.io/user/app:1", "user/app:1"},
      {"localhost/app", "localhost/app:latest", "localhost/app:latest"},
      {"localhost:5000/app:t", "localhost:5000/app:t", "localhost:5000/app:t"},
      {"ghcr.io/a/b/c:1.2-rc_3", "ghcr.io/a/b/c:1.2-rc_3", "ghcr.io/a/b/c:1.2-rc_3"},
      {"[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"},
      {"[2001:db8::1]/app", "[2001:db8::1]/app:latest", "[2001:db8::1]/app:latest"},
      {"HOST/app", "HOST/app:latest", "HOST/app:latest"},
      {"debian@sha256:" + kHex, "docker.io/library/debian@sha256:" + kHex, "debian@sha256:" + kHex},
      {"debian:12@sha256:" + kHex, "docker.io/library/debian:12@sha256:" + kHex, "debian:12@sha256:" + kHex},
      {"a--b/c__d/e.f", "docker.io/a--b/c__d/e.f:latest", "a--b/c__d/e.f:latest"},
      {"docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
  };
  for (const auto& [text, canonical, familiar] : kCases) {
    Reference reference = Reference::parse(text);
    EXPECT_EQ(reference.str(), canonical) << text;
    EXPECT_EQ(reference.familiar(), familiar) << text;
    Reference again = Reference::parse(reference.str());
    again.host_was_explicit = reference.host_was_explicit;
    EXPECT_EQ(again, reference) << text;
  }
}

TEST(OciReference, KnowsWhetherTheHostWasWritten) {
  EXPECT_FALSE(Reference::parse("debian").host_was_explicit);
  EXPECT_FALSE(Reference::parse("user/app").host_was_explicit);
  EXPECT_TRUE(Reference::parse("docker.io/user/app").host_was_explicit);
  EXPECT_TRUE(Reference::parse("localhost/app").host_was_explicit);
}

TEST(OciReference, RefusesWhatTheGrammarDoes) {
  const std::string kBad[] = {"",
                              ":",
                              "@",
                              "/",
                              "app:",
                              "app@",
                              "a//b",
                              "-app",
                              "app-",
                              "a..b",
                              "a___b",
                              "a._b",
                              "app:-x",
                              "app:" + std::string(129, 't'),
                              "app@sha256:abc",
                              "app@md5:" + kHex,
                              "a/B:1",
                              "a b",
                              "a\n",
                              "host.example/",
                              "ho_st.example/app",
                              "host.example:/app",
                              "host.example:port/app",
                              ".example/app",
                              "a/" + std::string(300, 'x'),
                              kHex,
                              "http://host/app",
                              "[::1/app",
                              "a:b:c",
                              "app:t@sha256:" + kHex + "@x"};
  for (const std::string& text : kBad) {
    try {
      Reference::parse(text);
      ADD_FAILURE() << "accepted '" << text << "'";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << text;
      EXPECT_FALSE(error.hint().empty()) << text;
    }
  }
}

TEST(OciReference, SuggestsLowerCase) {
  try {
    Reference::parse("Team/App");
    Reference::parse("registry.example/Team/App:1");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(error.message().find("lower case"), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("app"), std::string::npos) << error.hint();
  }
}

}  // namespace cooper::oci
