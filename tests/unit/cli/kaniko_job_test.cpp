#include "cli/kaniko_job.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "cli/kaniko_arguments.h"
#include "cli/kaniko_flags.h"
#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CliKanikoJob : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << "FROM scratch\n";
  }
  KanikoJob make(const std::vector<std::string>& arguments) const {
    const Environment environment(variables_);
    return make_kaniko_job(parse_kaniko_arguments(arguments, kaniko_flags(), environment).settings,
                           environment);
  }
  base::Error refusal(const std::vector<std::string>& arguments) const {
    return error_of([&] { make(arguments); });
  }
  os::TempDir directory_{testing::TempDir(), "kaniko-"};
  std::map<std::string, std::string> variables_;
};

TEST_F(CliKanikoJob, SomewhereTheImageMustGo) {
  EXPECT_THAT(refusal({}).message(), HasSubstr("no --destination, and no --no-push"));
  EXPECT_EQ(refusal({"-d", "r.example/UPPER"}).kind(), base::ErrorKind::kUsage);
  EXPECT_TRUE(make({"-d", "r.example/a"}).pushes);
  EXPECT_FALSE(make({"--no-push"}).pushes);
}

TEST_F(CliKanikoJob, WhatNeedsANameSaysSo) {
  for (const char* flag :
       {"--tar-path=x", "--image-name-with-digest-file=x", "--image-name-tag-with-digest-file=x"}) {
    EXPECT_THAT(refusal({"--no-push", flag}).message(), HasSubstr("needs the image's name")) << flag;
    EXPECT_NO_THROW(make({"--no-push", flag, "-d", "r.example/a"})) << flag;
  }
  EXPECT_THAT(refusal({"--no-push", "--cache"}).message(), HasSubstr("--cache has no place"));
  EXPECT_NO_THROW(make({"--no-push", "--cache", "--cache-repo=r.example/c"}));
}

TEST_F(CliKanikoJob, ADirectoryIsShownWithoutItsLastSlash) {
  EXPECT_EQ(make({"--no-push"}).build.context, "/workspace");
  EXPECT_EQ(make({"--no-push", "--context=dir://src//"}).build.context, "src");
  EXPECT_EQ(make({"--no-push", "--context=/"}).build.context, "/");
}

TEST_F(CliKanikoJob, TheDockerfileIsAPathHereOrInTheContext) {
  write("context/sub/Other");
  write("Here");
  const std::string context = "--context=" + path("context");
  EXPECT_EQ(make({"--no-push", context, "-f", "sub/Other"}).build.file, path("context/sub/Other"));
  EXPECT_EQ(make({"--no-push", context, "-f", path("Here")}).build.file, path("Here"));
  EXPECT_EQ(make({"--no-push", context, "-f", "https://x.example/D"}).build.file, "https://x.example/D");
  EXPECT_EQ(make({"--no-push", "-c", "tar://x.tgz", "-f", path("Here")}).build.file, path("Here"));
  EXPECT_EQ(make({"--no-push", "-c", "tar://x.tgz", "-f", "sub/Other"}).build.file, "sub/Other");
}

TEST_F(CliKanikoJob, TheStoreIsInKanikosDirectoryWhereThatCanBeWrittenTo) {
  variables_["HOME"] = path("home");
  std::filesystem::create_directory(path("kaniko"));
  EXPECT_EQ(make({"--no-push", "--kaniko-dir", path("kaniko")}).build.store, path("kaniko/cooper"));
  EXPECT_EQ(make({"--no-push", "--kaniko-dir", path("new")}).build.store, path("new/cooper"));
  variables_["KANIKO_DIR"] = path("kaniko");
  EXPECT_EQ(make({"--no-push"}).build.store, path("kaniko/cooper"));
  variables_["KANIKO_DIR"] = "/proc/1";
  EXPECT_EQ(make({"--no-push"}).build.store, path("home/.cache/cooper"));
  variables_["COOPER_STORE"] = path("mine");
  EXPECT_EQ(make({"--no-push"}).build.store, path("mine"));
}

TEST_F(CliKanikoJob, LoginsAndAuthoritiesAreReadInKanikosDirectory) {
  std::filesystem::create_directories(path("kaniko/ssl/certs"));
  variables_["KANIKO_DIR"] = path("kaniko");
  EXPECT_EQ(make({"--no-push"}).environment.get("DOCKER_CONFIG"), "");
  write("kaniko/.docker/config.json");
  EXPECT_EQ(make({"--no-push"}).environment.get("DOCKER_CONFIG"), path("kaniko/.docker"));
  EXPECT_EQ(make({"--no-push"}).environment.get("SSL_CERT_DIR"), path("kaniko/ssl/certs"));
  variables_["DOCKER_CONFIG"] = "/elsewhere";
  EXPECT_EQ(make({"--no-push"}).environment.get("DOCKER_CONFIG"), "/elsewhere");
}

TEST_F(CliKanikoJob, CredentialsOfGitAreForTheRepositorysHost) {
  variables_["GIT_TOKEN"] = "hush";
  const KanikoJob job = make({"--no-push", "-c", "git://g.example:8443/x"});
  EXPECT_THAT(job.build.secrets, ElementsAre("id=GIT_AUTH_TOKEN.g.example:8443,env=GIT_TOKEN"));
  EXPECT_THAT(make({"--no-push", "-c", "dir"}).build.secrets, ElementsAre());
  variables_ = {{"GIT_USERNAME", "me"}, {"GIT_PASSWORD", "secret"}};
  const KanikoJob basic = make({"--no-push", "-c", "git://g.example/x"});
  const build::BuildRequest request = make_request(basic.build, basic.environment);
  ASSERT_EQ(request.secrets.size(), 1U);
  EXPECT_EQ(request.secrets[0].id, "GIT_AUTH_HEADER.g.example");
  EXPECT_EQ(request.secrets[0].value, "Basic bWU6c2VjcmV0");
}

TEST_F(CliKanikoJob, AzuresKeyIsNotUsedBesideASignature) {
  variables_["AZURE_STORAGE_ACCESS_KEY"] = "aHVzaA==";
  const std::string blob = "https://acct.blob.core.windows.net/box/a.tgz";
  const KanikoJob with_key = make({"--no-push", "-c", blob});
  EXPECT_EQ(with_key.build.context_form.object->attributes.at("secret_access_key"), "aHVzaA==");
  EXPECT_TRUE(with_key.build.context_form.is_archive);
  const KanikoJob with_signature = make({"--no-push", "-c", blob + "?sig=x"});
  EXPECT_FALSE(with_signature.build.context_form.object->attributes.contains("secret_access_key"));
}

TEST_F(CliKanikoJob, BuildArgsWithoutAValueTakeTheEnvironmentsOrNone) {
  variables_["A"] = "1";
  EXPECT_THAT(make({"--no-push", "--build-arg=A", "--build-arg", "B", "--build-arg=C=c=d"}).build.build_args,
              ElementsAre("A=1", "B=", "C=c=d"));
}

TEST_F(CliKanikoJob, TheCachesHostIsTrustedLikeTheDestinations) {
  const KanikoJob job = make({"-d", "a.example/x", "--cache", "--cache-repo=b.example/y", "--insecure"});
  EXPECT_THAT(job.build.registry.lax_hosts, ElementsAre("a.example", "b.example"));
  // Nothing goes to a destination that is only a name.
  const KanikoJob unpushed = make({"-d", "a.example/x", "--no-push", "--insecure", "--insecure-pull"});
  EXPECT_THAT(unpushed.build.registry.lax_hosts, ElementsAre());
  EXPECT_THAT(unpushed.build.registry.others.but, ElementsAre());
}

TEST_F(CliKanikoJob, FlagsThatExcludeEachOtherAreNamedTogether) {
  EXPECT_EQ(refusal({"--no-push", "--compression=zstd", "--image-format=docker"}).message(),
            "--compression=zstd and --image-format=docker exclude each other");
  EXPECT_EQ(refusal({"--no-push", "--bucket=b", "--context=c"}).message(),
            "--bucket and --context exclude each other");
}

TEST_F(CliKanikoJob, GzipsLevelsEndAtNine) {
  EXPECT_THAT(refusal({"--no-push", "--compression-level=12"}).message(), HasSubstr("above gzip's 9"));
  EXPECT_THAT(refusal({"--no-push", "--compression=gzip", "--compression-level=12"}).message(),
              HasSubstr("above gzip's 9"));
  EXPECT_NO_THROW(make({"--no-push", "--compression=zstd", "--compression-level=12"}));
}

TEST_F(CliKanikoJob, TheClientsTypeIsPassedOn) {
  variables_["UPSTREAM_CLIENT_TYPE"] = "skaffold";
  EXPECT_EQ(make({"--no-push"}).build.registry.client_type, "skaffold");
}

TEST_F(CliKanikoJob, LogsAreAsKanikosFlagsSay) {
  EXPECT_EQ(make({"--no-push"}).build.progress, "auto");
  EXPECT_EQ(make({"--no-push", "--log-format=color"}).environment.get("FORCE_COLOR"), "1");
  EXPECT_EQ(make({"--no-push", "--log-format=text"}).environment.get("NO_COLOR"), "1");
  EXPECT_EQ(make({"--no-push", "-v", "error"}).build.progress, "quiet");
  EXPECT_THAT(refusal({"--no-push", "-v", "loud"}).summary(), HasSubstr("'loud' is none of its values"));
}

}  // namespace
}  // namespace cooper::cli
