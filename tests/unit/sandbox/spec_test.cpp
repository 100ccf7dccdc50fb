#include "sandbox/spec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::sandbox {
namespace {

Spec full_spec() {
  Spec spec;
  spec.root = OverlayRoot{{"/a", "/b"}, "/upper", "/work"};
  spec.mounts = {BindMount{"/source", "/target", false, "/part"},
                 OverlayMount{.lower = {"/l"}, .upper = "/u", .work = "/w", .source = "s", .target = "/t"},
                 TmpfsMount{"/tmp", 123, 0700}, FileMount{"/f", std::string("a\0b", 3), 0400, 7, 8}};
  spec.argv = {"sh", "-c", ""};
  spec.env = {"A=1"};
  spec.cwd = "/src";
  spec.uid = 4294967294U;
  spec.gid = 2;
  spec.groups = {3, 4};
  spec.network = Network::kNone;
  spec.hostname = "host";
  spec.extra_hosts = {"a:1.2.3.4"};
  spec.shm_size = -1;
  spec.ulimits = {"nofile=1:2"};
  spec.cgroups = {"/sys/fs/cgroup/a/cgroup.procs"};
  spec.insecure = true;
  spec.timeout_ms = 99;
  return spec;
}

TEST(SandboxSpec, SurvivesTheRoundTrip) {
  const std::string bytes = full_spec().serialize();
  const Spec copy = Spec::parse(bytes);
  EXPECT_EQ(copy.serialize(), bytes);
  EXPECT_EQ(std::get<OverlayRoot>(copy.root).lower, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_FALSE(std::get<BindMount>(copy.mounts.at(0)).read_only);
  EXPECT_EQ(std::get<OverlayMount>(copy.mounts.at(1)).target, "/t");
  EXPECT_EQ(std::get<OverlayMount>(copy.mounts.at(1)).source, "s");
  EXPECT_EQ(std::get<TmpfsMount>(copy.mounts.at(2)).mode, 0700u);
  EXPECT_EQ(std::get<FileMount>(copy.mounts.at(3)).content, std::string("a\0b", 3));
  EXPECT_EQ(copy.uid, 4294967294U);
  EXPECT_EQ(copy.groups, (std::vector<std::uint32_t>{3, 4}));
  EXPECT_EQ(copy.network, Network::kNone);
  EXPECT_EQ(copy.shm_size, -1);
  EXPECT_EQ(copy.cgroups, full_spec().cgroups);
  EXPECT_TRUE(copy.insecure);
  EXPECT_EQ(copy.timeout_ms, 99);
}

TEST(SandboxSpec, CarriesARootWithoutMounts) {
  Spec spec = full_spec();
  spec.root = FarmRoot{"/farm", "/scratch", {{"/etc/resolv.conf", "/run/resolv.conf"}}, 7, 8};
  const std::string bytes = spec.serialize();
  const auto root = std::get<FarmRoot>(Spec::parse(bytes).root);
  EXPECT_EQ(root.directory, "/farm");
  EXPECT_EQ(root.scratch, "/scratch");
  ASSERT_EQ(root.places.size(), 1U);
  EXPECT_EQ(root.places[0].target, "/etc/resolv.conf");
  EXPECT_EQ(root.places[0].path, "/run/resolv.conf");
  EXPECT_EQ(root.board, -1) << "a number means nothing to another process";
}

TEST(SandboxSpec, RefusesEveryTruncation) {
  const std::string bytes = full_spec().serialize();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(Spec::parse(bytes.substr(0, length)), base::Error) << length;
  }
  EXPECT_THROW(Spec::parse(bytes + "x"), base::Error);
}

TEST(SandboxSpec, NeverTrustsALength) {
  std::string bytes = full_spec().serialize();
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    std::string bent = bytes;
    bent[index] = static_cast<char>(0xff);
    try {
      Spec::parse(bent);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInternal);
    }
  }
}

}  // namespace
}  // namespace cooper::sandbox
