#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/definition.h"

namespace cooper::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string print_op(Op op, std::vector<int> inputs = {}) {
  Definition definition;
  Vertex vertex;
  vertex.op = std::move(op);
  vertex.inputs = std::move(inputs);
  vertex.platform = {"linux", "arm", "v7", "", {}};
  vertex.info.name = "[stage 1/1] STEP";
  definition.add(std::move(vertex));
  return print(definition);
}

TEST(GraphPrint, EmptyDefinitionIsEmpty) {
  EXPECT_EQ(print(Definition()), "");
}

TEST(GraphPrint, OneParagraphAVertex) {
  Definition definition;
  Vertex image;
  image.op = ImageSource{"docker.io/library/alpine:3", base::Digest(), {}};
  image.platform = {"linux", "amd64", "", "", {}};
  image.info.name = "[1/2] FROM alpine:3";
  Exec exec;
  exec.argv = {"/bin/sh", "-c", "echo \"hi\"\n"};
  exec.env = {"PATH=/bin"};
  exec.user = "app";
  Vertex run = image;
  run.op = exec;
  run.inputs = {definition.add(image)};
  run.info.name = "[2/2] RUN echo";
  run.info.ignore_cache = true;
  definition.add(run);
  EXPECT_EQ(print(definition),
            "#0 [1/2] FROM alpine:3\n"
            "  platform linux/amd64\n"
            "  image \"docker.io/library/alpine:3\" manifest=sha256:" +
                std::string(64, '0') +
                "\n\n"
                "#1 [2/2] RUN echo\n"
                "  platform linux/amd64\n"
                "  inputs #0\n"
                "  ignore-cache\n"
                "  exec [\"/bin/sh\", \"-c\", \"echo \\\"hi\\\"\\n\"]\n"
                "  env \"PATH=/bin\"\n"
                "  cwd \"/\" user=\"app\"\n");
}

TEST(GraphPrint, ShowsSources) {
  EXPECT_THAT(print_op(LocalSource{}), HasSubstr("  platform linux/arm/v7\n  local \"context\"\n"));
  EXPECT_THAT(print_op(HttpSource{"https://h/f", "f", base::Digest()}),
              HasSubstr("http \"https://h/f\" filename=\"f\" checksum=sha256:00"));
  EXPECT_THAT(
      print_op(GitSource{"https://h/r", "main", "sub", "abc", true, false}),
      HasSubstr(
          "git \"https://h/r\" ref=\"main\" subdir=\"sub\" checksum=\"abc\" keep-git-dir no-submodules\n"));
  EXPECT_THAT(print_op(Merge{}), HasSubstr("  merge\n"));
}

TEST(GraphPrint, ShowsNoCredentials) {
  EXPECT_THAT(print_op(HttpSource{"https://me:hunter2@h/f", "f", {}}), Not(HasSubstr("hunter2")));
  EXPECT_THAT(print_op(GitSource{"https://hunter2@h/r", "", "", "", false, true}), Not(HasSubstr("hunter2")));
}

TEST(GraphPrint, ShowsFileActions) {
  CopyAction copy;
  copy.input = 1;
  copy.sources = {"/a", "/b"};
  copy.destination = "/dst/";
  copy.owner = Owner{"me", "us"};
  copy.mode = "u+x";
  copy.excludes = {"*.o"};
  copy.keep_parents = copy.unpack_archives = copy.literal = true;
  copy.follow_symlinks = copy.allow_empty_wildcard = false;
  const std::string text =
      print_op(File{{copy, MkdirAction{"/d", 0700, Owner{"1", ""}}, MkfileAction{"/f", "x\x01", 0644, {}}}},
               {kScratch});
  EXPECT_THAT(text, HasSubstr("  inputs scratch\n  file\n"));
  EXPECT_THAT(text, HasSubstr("  copy input=1 [\"/a\", \"/b\"] -> \"/dst/\" owner=\"me:us\" mode=\"u+x\" "
                              "excludes=[\"*.o\"] parents unpack no-follow must-match literal\n"));
  EXPECT_THAT(text, HasSubstr("  mkdir \"/d\" mode=0700 owner=\"1:\"\n"));
  EXPECT_THAT(text, HasSubstr("  mkfile \"/f\" mode=0644 content=\"x\\x01\"\n"));
}

TEST(GraphPrint, ShowsMounts) {
  Exec exec;
  CacheMount cache;
  cache.id = "go";
  cache.sharing = CacheMount::Sharing::kLocked;
  cache.input = 2;
  cache.source = "/seed";
  cache.read_only = true;
  SecretMount secret;
  secret.id = "token";
  secret.env = "TOKEN";
  secret.required = true;
  exec.mounts = {{"/b", BindMount{1, "/src", true}},
                 {"/c", cache},
                 {"/t", TmpfsMount{4096}},
                 {"/s", secret},
                 {"/h", SshMount{}}};
  exec.scripts = {{"/dev/pipes/EOF", "echo\n"}};
  exec.network = Exec::Network::kNone;
  exec.insecure = true;
  const std::string text = print_op(exec);
  EXPECT_THAT(text, HasSubstr("  mount \"/b\" bind input=1 source=\"/src\" writable\n"));
  EXPECT_THAT(
      text,
      HasSubstr("  mount \"/c\" cache id=\"go\" sharing=locked input=2 source=\"/seed\" mode=0755 uid=0 "
                "gid=0 read-only\n"));
  EXPECT_THAT(text, HasSubstr("  mount \"/t\" tmpfs size=4096\n"));
  EXPECT_THAT(
      text,
      HasSubstr("  mount \"/s\" secret id=\"token\" env=\"TOKEN\" file required mode=0400 uid=0 gid=0\n"));
  EXPECT_THAT(text, HasSubstr("  mount \"/h\" ssh id=\"default\" mode=0600 uid=0 gid=0\n"));
  EXPECT_THAT(text,
              HasSubstr("  script \"/dev/pipes/EOF\" content=\"echo\\n\"\n  network none\n  insecure\n"));
}

}  // namespace
}  // namespace cooper::graph
