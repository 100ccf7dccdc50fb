#include "build/open_context.h"

#include <gmock/gmock.h>

#include "tests/unit/build/context_fixture.h"

namespace cooper::build {
namespace {

using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using NamedKind = dockerfile::NamedContext::Kind;

class BuildOpenContext : public ContextFixture {
 protected:
  static LayerTar tar() {
    archive::TarEntry owned;
    owned.path = "owned";
    owned.uid = 7;
    owned.gid = 8;
    owned.mtime = 1'800'000'000;
    return LayerTar()
        .file("Dockerfile", "FROM tar\n")
        .add(owned, "x")
        .file("ignored", "")
        .file(".dockerignore", "ignored\n");
  }
};

TEST_F(BuildOpenContext, ADirectoryIsReadInPlace) {
  write("context/Dockerfile", "FROM scratch\n");
  write("context/file", "");
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM scratch\n");
  EXPECT_EQ(opened.dockerfile_name, path("context/Dockerfile"));
  EXPECT_TRUE(opened.trees.at("context")->lookup("file"));
  EXPECT_EQ(opened.commit_time, std::nullopt);
}

TEST_F(BuildOpenContext, TheIgnoreFileOfTheDockerfileWins) {
  write("context/Dockerfile", "");
  write("context/a", "");
  write("context/b", "");
  EXPECT_TRUE(visible("a"));
  write("context/.dockerignore", "a\n");
  EXPECT_FALSE(visible("a"));
  EXPECT_TRUE(open().is_ignored("a"));
  EXPECT_FALSE(open().is_ignored("b"));
  write("context/Dockerfile.dockerignore", "b\n");
  EXPECT_TRUE(visible("a"));
  EXPECT_FALSE(visible("b"));
}

TEST_F(BuildOpenContext, ATarFileIsUnpackedWithItsOwners) {
  write("app.tgz", support::make_blob(tar().bytes()).bytes);
  request_.context = path("app.tgz");
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM tar\n");
  EXPECT_EQ(opened.dockerfile_name, "Dockerfile");
  const snapshot::TreeView& tree = *opened.trees.at("context");
  EXPECT_EQ(tree.lookup("owned")->uid, 7U);
  EXPECT_EQ(tree.lookup("owned")->gid, 8U);
  EXPECT_EQ(opened.times.at("context"), 1'800'000'000);
  EXPECT_FALSE(tree.lookup("ignored"));
  EXPECT_TRUE(opened.is_ignored("ignored"));
  EXPECT_FALSE(opened.is_ignored("owned"));
  EXPECT_THAT(opened.ignore_patterns, ElementsAre("ignored"));
}

TEST_F(BuildOpenContext, InATarTheIgnoreFileOfTheDockerfileWinsToo) {
  give_input(tar().file("Dockerfile.dockerignore", "owned\n").bytes());
  request_.context = "-";
  OpenedContext opened = open();
  EXPECT_FALSE(opened.trees.at("context")->lookup("owned"));
  EXPECT_TRUE(opened.trees.at("context")->lookup("ignored"));
}

TEST_F(BuildOpenContext, StandardInputMayBeATar) {
  give_input(tar().bytes());
  request_.context = "-";
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM tar\n");
  EXPECT_TRUE(opened.trees.at("context")->lookup("owned"));
}

TEST_F(BuildOpenContext, StandardInputMayBeADockerfile) {
  give_input("FROM scratch\n");
  request_.context = "-";
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM scratch\n");
  EXPECT_EQ(opened.dockerfile_name, "Dockerfile");
  EXPECT_THAT(opened.trees.at("context")->list(""), IsEmpty());
}

TEST_F(BuildOpenContext, StandardInputIsReadOnce) {
  give_input("FROM scratch\n");
  request_.context = "-";
  request_.dockerfile = "-";
  base::Error error = open_error();
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "standard input cannot be both the context and the Dockerfile");
  request_.dockerfile = "Other";
  EXPECT_EQ(open_error().message(), "standard input holds a Dockerfile, and -f names another: 'Other'");
}

TEST_F(BuildOpenContext, AUrlMayGiveATar) {
  served_["/x"] = support::make_blob(tar().bytes()).bytes;
  request_.context = server_.url("/x");
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM tar\n");
  const snapshot::TreeView& tree = *opened.trees.at("context");
  EXPECT_EQ(tree.lookup("owned")->uid, 7U);
  EXPECT_TRUE(tree.lookup("ignored")) << "ignore files do not apply to what is fetched";
  EXPECT_THAT(opened.ignore_patterns, IsEmpty());
  EXPECT_EQ(opened.times.at("context"), 1'800'000'000) << "the newest file";
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(BuildOpenContext, LastModifiedGoesBeforeTheArchivesTimes) {
  served_["/x"] = tar().bytes();
  modified_ = "Sun, 06 Nov 1994 08:49:37 GMT";
  request_.context = server_.url("/x");
  EXPECT_EQ(open().times.at("context"), 784111777);
}

TEST_F(BuildOpenContext, AUrlMayGiveADockerfile) {
  served_["/x"] = "FROM scratch\n";
  request_.context = "http://user:secret@" + server_.host() + "/x";
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM scratch\n");
  EXPECT_EQ(opened.dockerfile_name, server_.url("/x"));
  EXPECT_TRUE(opened.trees.at("context")->lookup("context")) << "it can be copied, as with BuildKit";
  request_.dockerfile = "Other";
  base::Error error = open_error();
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("-f names another: 'Other'"));
  EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
}

TEST_F(BuildOpenContext, WithADockerfileFromElsewhereAUrlMayGiveAnything) {
  served_["/x"] = std::string("\0\1\2", 3);
  request_.context = server_.url("/x");
  EXPECT_THAT(open_error().message(), HasSubstr("neither a tar nor a Dockerfile"));
  write("Own", "FROM own\n");
  request_.dockerfile = path("Own");
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM own\n");
  EXPECT_EQ(content(*opened.trees.at("context"), "context"), served_["/x"]);
}

TEST_F(BuildOpenContext, SaysWhatIsMissing) {
  base::Error error = open_error();
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "no Dockerfile at '" + path("context/Dockerfile") + "'");
  request_.context = path("nowhere");
  EXPECT_EQ(open_error().message(), "build context '" + path("nowhere") + "' does not exist");
  write("text", "FROM scratch\n");
  request_.context = path("text");
  EXPECT_EQ(open_error().message(), "build context '" + path("text") + "' is neither a directory nor a tar");
  request_.context = server_.url("/gone");
  EXPECT_THAT(open_error().message(), HasSubstr("the server answered 404"));
  give_input(LayerTar().file("other").bytes());
  request_.context = "-";
  EXPECT_EQ(open_error().message(), "the build context has no Dockerfile 'Dockerfile'");
}

TEST_F(BuildOpenContext, APathThatLooksLikeARepositoryIsAPath) {
  std::string old = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  write("github.com/x/y/Dockerfile", "FROM here\n");
  request_.context = "github.com/x/y";
  EXPECT_EQ(open().dockerfile_text, "FROM here\n");
  std::filesystem::current_path(old);
}

TEST_F(BuildOpenContext, NamedContextsOfEveryKind) {
  write("context/Dockerfile", "");
  write("lib/.dockerignore", "hidden\n");
  write("lib/hidden", "");
  write("lib/shown", "");
  write("lib.tar", tar().bytes());
  std::string digest = base::sha256("x").str();
  request_.named_contexts = {{"lib", path("lib")},
                             {"tar", path("lib.tar")},
                             {"url", "https://example.com/x"},
                             {"base", "docker-image://debian:12"},
                             {"none", "docker-image://scratch"},
                             {"layout", "oci-layout://dir@" + digest}};
  OpenedContext opened = open();
  EXPECT_EQ(opened.named.at("lib").kind, NamedKind::kLocal);
  EXPECT_EQ(opened.named.at("lib").value, "lib");
  EXPECT_TRUE(opened.trees.at("lib")->lookup("shown"));
  EXPECT_FALSE(opened.trees.at("lib")->lookup("hidden"));
  EXPECT_EQ(opened.named.at("tar").kind, NamedKind::kLocal);
  EXPECT_TRUE(opened.trees.at("tar")->lookup("owned"));
  EXPECT_FALSE(opened.trees.at("tar")->lookup("ignored"));
  EXPECT_EQ(opened.times.at("tar"), 1'800'000'000);
  EXPECT_EQ(opened.named.at("url").kind, NamedKind::kHttp);
  EXPECT_EQ(opened.named.at("url").value, "https://example.com/x");
  EXPECT_EQ(opened.named.at("base").kind, NamedKind::kImage);
  EXPECT_EQ(opened.named.at("base").value, "debian:12");
  EXPECT_EQ(opened.named.at("none").kind, NamedKind::kVertex);
  EXPECT_EQ(opened.named.at("none").vertex, graph::kScratch);
  EXPECT_EQ(opened.named.at("layout").kind, NamedKind::kImage);
  EXPECT_EQ(opened.named.at("layout").value, "oci-layout://dir@" + digest);
  EXPECT_EQ(opened.trees.size(), 3U);
}

TEST_F(BuildOpenContext, WrongNamedContextsAreErrorsThatNameThem) {
  write("context/Dockerfile", "");
  write("text", "x");
  struct Case {
    std::string name;
    std::string value;
    base::ErrorKind kind;
  };
  for (const Case& one : std::vector<Case>{{"lib", path("gone"), base::ErrorKind::kContext},
                                           {"lib", path("text"), base::ErrorKind::kContext},
                                           {"lib", "-", base::ErrorKind::kUsage},
                                           {"lib", "ftp://host/x", base::ErrorKind::kUsage},
                                           {"lib", "oci-layout://:tag", base::ErrorKind::kUsage},
                                           {"context", path("context"), base::ErrorKind::kUsage},
                                           {"scratch", path("context"), base::ErrorKind::kUsage}}) {
    request_.named_contexts = {{one.name, one.value}};
    base::Error error = open_error();
    EXPECT_EQ(error.kind(), one.kind) << one.value;
    EXPECT_THAT(error.summary(), HasSubstr("--build-context " + one.name));
  }
}

TEST_F(BuildOpenContext, TellsWhoeverWantsToShowTheDockerfile) {
  std::vector<std::string> told;
  tools_.on_dockerfile = [&](const std::string& name, const std::string& text) { told = {name, text}; };
  give_input("FROM scratch\n");
  request_.context = "-";
  open();
  EXPECT_THAT(told, ElementsAre("Dockerfile", "FROM scratch\n"));
}

TEST_F(BuildOpenContext, ATarThatWasPromisedIsRequired) {
  tools_.http = net::HttpClient::create({});
  served_["/page"] = "<!DOCTYPE html>\n<p>log in</p>";
  request_.context = server_.url("/page");
  request_.context_form.is_archive = true;
  base::Error error = open_error();
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr("is no tar: it begins with '<!DOCTYPE html>'"));
  request_.dockerfile = "-";
  give_input("FROM scratch\n");
  EXPECT_THAT(open_error().message(), HasSubstr("is no tar")) << "nor is it a file to copy";
}

TEST_F(BuildOpenContext, WhatIsFetchedMayHaveAnIgnoreFileAndParts) {
  served_["/x.tar"] = support::LayerTar()
                          .directory("part")
                          .file("part/Dockerfile", "FROM scratch\n")
                          .file("part/.dockerignore", "*.log\n")
                          .file("part/a.log", "1")
                          .file("part/a", "1")
                          .file("outside", "1")
                          .bytes();
  request_.context = server_.url("/x.tar");
  request_.context_form = {std::nullopt, true, true, "part"};
  const OpenedContext opened = open();
  const snapshot::TreeView& tree = *opened.trees.at("context");
  EXPECT_TRUE(tree.lookup("a"));
  EXPECT_FALSE(tree.lookup("a.log"));
  EXPECT_FALSE(tree.lookup("outside"));
  EXPECT_TRUE(opened.is_ignored("a.log"));
  EXPECT_FALSE(opened.is_ignored("a"));
  request_.context_form.directory = "none";
  EXPECT_THAT(open_error().message(), HasSubstr("no directory 'none'"));
}

}  // namespace
}  // namespace cooper::build
