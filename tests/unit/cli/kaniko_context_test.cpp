#include "cli/kaniko_context.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Kind = KanikoContext::Kind;
using Variables = std::map<std::string, std::string>;

KanikoContext read(const std::string& text, const Variables& environment = {}) {
  KanikoSettings settings;
  settings.context = text;
  return read_kaniko_context(settings, environment);
}

TEST(CliKanikoContext, DirectoriesNeedNoScheme) {
  for (const char* text : {"src", "dir://src"}) {
    EXPECT_EQ(read(text).kind, Kind::kDirectory) << text;
    EXPECT_EQ(read(text).value, "src") << text;
  }
  EXPECT_EQ(read("").value, "/workspace/");
}

TEST(CliKanikoContext, TarsAreFilesOrStandardInput) {
  EXPECT_EQ(read("tar://a/b.tgz").kind, Kind::kTar);
  EXPECT_EQ(read("tar://a/b.tgz").value, "a/b.tgz");
  EXPECT_EQ(read("tar://stdin").kind, Kind::kTarOnStdin);
}

TEST(CliKanikoContext, RepositoriesAreFetchedOverHttps) {
  const KanikoContext plain = read("git://g.example/x.git");
  EXPECT_EQ(plain.kind, Kind::kGit);
  EXPECT_EQ(plain.value, "https://g.example/x.git?submodules=false&keep-git-dir=true");
  EXPECT_THAT(read("git://g.example/x.git", {{"GIT_PULL_METHOD", "http"}}).value,
              HasSubstr("http://g.example/x.git?"));
  EXPECT_EQ(error_of([] {
              read("git://g.example/x", {{"GIT_PULL_METHOD", "ssh"}});
            }).kind(),
            base::ErrorKind::kUsage);
}

TEST(CliKanikoContext, ACommitComesBeforeARefAndThatBeforeABranch) {
  KanikoSettings settings;
  settings.git.branch = "dev";
  settings.context = "git://g.example/x";
  EXPECT_THAT(read_kaniko_context(settings, {}).value, HasSubstr("ref=refs%2Fheads%2Fdev"));
  settings.context = "git://g.example/x#refs/pull/1/head";
  EXPECT_THAT(read_kaniko_context(settings, {}).value, HasSubstr("ref=refs%2Fpull%2F1%2Fhead"));
  settings.context = "git://g.example/x#refs/heads/main#0123abc";
  EXPECT_THAT(read_kaniko_context(settings, {}).value, HasSubstr("ref=0123abc"));
  settings.context = "git://g.example/x#a#b#c";
  EXPECT_EQ(error_of([&] { read_kaniko_context(settings, {}); }).kind(), base::ErrorKind::kUsage);
}

TEST(CliKanikoContext, RepositoriesHaveTheirOwnSubmodulesAndParts) {
  KanikoSettings settings;
  settings.context = "git://g.example/x";
  settings.git.recurse_submodules = true;
  settings.sub_path = "a b/c";
  EXPECT_THAT(read_kaniko_context(settings, {}).value, HasSubstr("subdir=a%20b%2Fc&submodules=true"));
}

TEST(CliKanikoContext, ObjectsOfS3) {
  const KanikoContext context = read("s3://bucket/a/b.tar.gz");
  EXPECT_EQ(context.kind, Kind::kObject);
  EXPECT_EQ(context.store, "s3");
  EXPECT_EQ(context.object, "a/b.tar.gz");
  EXPECT_THAT(context.attributes, ElementsAre(Pair("bucket", "bucket")));
  const KanikoContext elsewhere =
      read("s3://bucket/x", {{"S3_ENDPOINT", "http://minio:9000"}, {"S3_FORCE_PATH_STYLE", "true"}});
  EXPECT_THAT(elsewhere.attributes,
              ElementsAre(Pair("bucket", "bucket"), Pair("endpoint_url", "http://minio:9000"),
                          Pair("use_path_style", "true")));
  EXPECT_EQ(error_of([] { read("s3:///x"); }).kind(), base::ErrorKind::kUsage);
}

TEST(CliKanikoContext, ObjectsOfGoogleAndTheBucketOfOldTimes) {
  EXPECT_EQ(read("gs://bucket/x.tgz").store, "gcs");
  EXPECT_EQ(read("gs://bucket").object, "context.tar.gz");
  KanikoSettings settings;
  settings.bucket = "mine/x.tgz";
  EXPECT_EQ(read_kaniko_context(settings, {}).store, "gcs");
  EXPECT_EQ(read_kaniko_context(settings, {}).object, "x.tgz");
  settings.bucket = "s3://mine/x.tgz";
  EXPECT_EQ(read_kaniko_context(settings, {}).store, "s3");
}

TEST(CliKanikoContext, HttpsIsABlobOfAzuresWhereTheHostSaysSo) {
  const KanikoContext blob = read("https://acct.blob.core.windows.net/box/a/b%20c.tgz");
  EXPECT_EQ(blob.kind, Kind::kObject);
  EXPECT_EQ(blob.store, "azblob");
  EXPECT_EQ(blob.object, "a/b c.tgz");
  EXPECT_THAT(blob.attributes, ElementsAre(Pair("account_url", "https://acct.blob.core.windows.net"),
                                           Pair("container", "box")));
  EXPECT_EQ(read("https://acct.blob.core.windows.net/box/a?sv=1&sig=x").attributes.at("account_url"),
            "https://acct.blob.core.windows.net?sv=1&sig=x");
  EXPECT_EQ(read("https://e.example/blob.core.windows.net/a.tgz").kind, Kind::kHttp);
  const base::Error error = error_of([] { read("https://acct.blob.core.windows.net/box?sig=secret"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_THAT(error.render(), Not(HasSubstr("secret")));
}

TEST(CliKanikoContext, OtherSchemesAreNone) {
  EXPECT_THAT(error_of([] { read("ftp://x/y"); }).hint(), HasSubstr("s3://"));
  EXPECT_EQ(error_of([] { read("http://x/y.tgz"); }).kind(), base::ErrorKind::kUsage);
}

}  // namespace
}  // namespace cooper::cli
