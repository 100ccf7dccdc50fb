#include "cli/build_flags.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cli/arguments.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// The request that `cooper build <arguments> .` makes.
build::BuildRequest request(std::vector<std::string> arguments,
                            std::map<std::string, std::string> environment = {}) {
  Program program("build", "");
  BuildFlags flags;
  add_build_flags(program.root(), flags);
  arguments.emplace_back(".");
  program.parse(std::move(arguments));
  return make_request(flags, Environment(std::move(environment)));
}

base::Error refusal(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  base::Error error = error_of([&] { request(std::move(arguments), std::move(environment)); });
  return error;
}

TEST(CliBuildFlags, ContextNeedsNoFlags) {
  build::BuildRequest plain = request({});
  EXPECT_EQ(plain.context, ".");
  EXPECT_EQ(plain.dockerfile, "");
  EXPECT_TRUE(plain.outputs.empty());
  EXPECT_EQ(plain.network, "default");
  EXPECT_TRUE(plain.epoch_from_git);
}

TEST(CliBuildFlags, AttestationsMayOnlyBeTurnedOff) {
  EXPECT_EQ(request({"--provenance=false", "--sbom=false", "--attest=type=sbom,disabled=true"}).context, ".");
  const base::Error error = refusal({"--provenance=mode=max"});
  EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  EXPECT_THAT(error.summary(), HasSubstr("--provenance=mode=max: cooper makes no attestations"));
}

TEST(CliBuildFlags, RepeatedFlagsDoNotEatTheContext) {
  build::BuildRequest made =
      request({"-t", "app:1", "--tag", "example.com/app", "--platform", "linux/amd64,arm64",
               "--no-cache-filter", "a,b", "--target", "final", "-f", "x/Dockerfile"});
  EXPECT_EQ(made.context, ".");
  EXPECT_THAT(made.tags, ElementsAre("docker.io/library/app:1", "example.com/app:latest"));
  ASSERT_EQ(made.platforms.size(), 2U);
  EXPECT_EQ(made.platforms[1].str(), "linux/arm64");
  EXPECT_THAT(made.no_cache_stages, ElementsAre("a", "b"));
  EXPECT_EQ(made.target, "final");
  EXPECT_EQ(made.dockerfile, "x/Dockerfile");
}

TEST(CliBuildFlags, BuildArgsMayComeFromTheEnvironment) {
  build::BuildRequest made = request({"--build-arg", "A=1", "--build-arg", "B", "--build-arg", "GONE",
                                      "--build-arg", "E=", "--build-arg", "A=2", "--build-arg", "EQ=a=b"},
                                     {{"B", "from env"}, {"A", "not asked for"}});
  EXPECT_THAT(made.build_args,
              UnorderedElementsAre(Pair("A", "2"), Pair("B", "from env"), Pair("E", ""), Pair("EQ", "a=b")));
  EXPECT_EQ(refusal({"--build-arg", "=x"}).message(), "--build-arg '=x' is not KEY=VALUE");
}

TEST(CliBuildFlags, TheLastOfEqualKeysWins) {
  build::BuildRequest made =
      request({"--label", "a=1", "--label", "a=2", "--label", "bare", "--annotation", "k=1", "--annotation",
               "k=2", "--build-context", "src=old", "--build-context", "src=new"});
  EXPECT_THAT(made.labels, UnorderedElementsAre(Pair("a", "2"), Pair("bare", "")));
  EXPECT_THAT(image::annotations_at(made.annotations, image::AnnotationPlace::kManifest),
              ElementsAre(Pair("k", "2")));
  EXPECT_THAT(made.named_contexts, ElementsAre(Pair("src", "new")));
  EXPECT_THAT(refusal({"--annotation", "k"}).message(), HasSubstr("--annotation"));
}

TEST(CliBuildFlags, OutputsAreCsvRecordsOrPaths) {
  build::BuildRequest made = request(
      {"-o", "type=oci,dest=a.tar", "-o", "out", "-o", "-", "-o", R"(type=image,"name=a,b",push=true)"});
  ASSERT_EQ(made.outputs.size(), 4U);
  EXPECT_EQ(made.outputs[0].type, "oci");
  EXPECT_THAT(made.outputs[0].attributes, ElementsAre(Pair("dest", "a.tar")));
  EXPECT_EQ(made.outputs[1].type, "local");
  EXPECT_EQ(made.outputs[1].attributes.at("dest"), "out");
  EXPECT_EQ(made.outputs[2].type, "tar");
  EXPECT_EQ(made.outputs[3].attributes.at("name"), "a,b");
  EXPECT_EQ(refusal({"-o", "dest=a,name=b"}).message(), "--output 'dest=a,name=b' has no type");
  EXPECT_THAT(refusal({"-o", "type=oci,push"}).message(), HasSubstr("'push' has no value"));
}

TEST(CliBuildFlags, PushAddsARegistryOrTurnsAnImageIntoOne) {
  EXPECT_EQ(request({"--push"}).outputs.at(0).type, "registry");
  build::BuildRequest made = request({"--push", "-o", "type=oci,dest=a", "-o", "type=image,name=x"});
  ASSERT_EQ(made.outputs.size(), 2U);
  EXPECT_FALSE(made.outputs[0].attributes.contains("push"));
  EXPECT_EQ(made.outputs[1].attributes.at("push"), "true");
}

TEST(CliBuildFlags, LoadKeepsTheImageInTheStoreBesideOtherOutputs) {
  EXPECT_EQ(request({"--load"}).outputs.at(0).type, "image");
  build::BuildRequest made = request({"--load", "--push", "-o", "type=oci,dest=a"});
  ASSERT_EQ(made.outputs.size(), 2U);
  EXPECT_EQ(made.outputs[1].attributes.at("store"), "true");
  EXPECT_EQ(made.outputs[1].attributes.at("push"), "true");
  EXPECT_TRUE(request({"-t", "app"}).outputs.empty()) << "it is the command that keeps what has a name";
}

TEST(CliBuildFlags, SecretsNameAFileOrAVariable) {
  std::map<std::string, std::string> environment = {{"TOKEN", "t"}, {"id3", "three"}, {"V", "v"}};
  build::BuildRequest made =
      request({"--secret", "id=a,src=/f", "--secret", "id=b,env=TOKEN", "--secret", "id=id3", "--secret",
               "type=env,id=c,src=V", "--secret", "type=file,id=d,source=x"},
              environment);
  ASSERT_EQ(made.secrets.size(), 5U);
  EXPECT_EQ(made.secrets[0].file, "/f");
  EXPECT_EQ(made.secrets[0].value, std::nullopt);
  EXPECT_EQ(made.secrets[1].value, "t");
  EXPECT_EQ(made.secrets[2].value, "three");
  EXPECT_EQ(made.secrets[3].value, "v");
  EXPECT_EQ(made.secrets[4].file, "x");
}

TEST(CliBuildFlags, SecretsThatCannotBeMeantAreRefused) {
  EXPECT_EQ(refusal({"--secret", "src=/f"}).message(), "--secret has no id");
  EXPECT_EQ(refusal({"--secret", "id=nowhere-to-be-found"}).message(),
            "--secret id=nowhere-to-be-found: there is neither a variable nor a file of this name");
  EXPECT_EQ(refusal({"--secret", "id=a,env=GONE"}).message(), "--secret id=a: the environment has no 'GONE'");
  EXPECT_THAT(refusal({"--secret", "id=a,scr=/f"}).message(), HasSubstr("unexpected 'scr=/f'"));
}

TEST(CliBuildFlags, SshTakesAnAgentOrKeys) {
  os::TempDir directory("/tmp", "flags-");
  std::string socket = directory.path() + "/agent";
  std::string key = directory.path() + "/key";
  os::write_file_atomically(key, "key");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  os::Fd agent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(agent.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);

  EXPECT_THAT(request({"--ssh", "default"}, {{"SSH_AUTH_SOCK", socket}}).ssh_sockets,
              ElementsAre(Pair("default", socket)));
  EXPECT_THAT(request({"--ssh", "git=" + socket}).ssh_sockets, ElementsAre(Pair("git", socket)));
  EXPECT_THAT(request({"--ssh", "git=" + key + "," + key}).ssh_keys,
              ElementsAre(Pair("git", ElementsAre(key, key))));
  EXPECT_EQ(refusal({"--ssh", "default"}).message(), "--ssh default: there is no agent");
  EXPECT_EQ(refusal({"--ssh", "a=/gone"}).message(), "--ssh a: cannot read the key '/gone'");
  EXPECT_THAT(refusal({"--ssh", "a=" + key + "," + socket}).message(), HasSubstr("is a socket among keys"));
}

TEST(CliBuildFlags, EntitlementsAreGivenOneByOne) {
  build::BuildRequest made = request({"--allow", "security.insecure", "--allow", "network.host"});
  EXPECT_THAT(made.allow, ElementsAre("network.host", "security.insecure"));
  EXPECT_EQ(refusal({"--allow", "all"}).message(), "--allow 'all' is no entitlement");
  EXPECT_EQ(refusal({"--allow", "device=gpu"}).kind(), base::ErrorKind::kUnsupported);
}

std::optional<CallFlag> call(std::vector<std::string> arguments) {
  Program program("build", "");
  BuildFlags flags;
  add_build_flags(program.root(), flags);
  arguments.emplace_back(".");
  program.parse(std::move(arguments));
  return requested_call(flags);
}

TEST(CliBuildFlags, CheckIsShortForACall) {
  EXPECT_FALSE(call({}));
  EXPECT_FALSE(call({"--call=build"}));
  EXPECT_FALSE(call({"--check=false"}));
  EXPECT_EQ(call({"--check"})->name, "lint");
  EXPECT_EQ(call({"--check", "--call=check,format=json"})->format, "json");
  EXPECT_EQ(call({"--call", "outline"})->name, "outline");
  EXPECT_THROW(call({"--check", "--call=outline"}), base::Error);
  EXPECT_TRUE(request({"--check", "--load"}).outputs.empty()) << "flags of the build may stay";
}

TEST(CliBuildFlags, SizesAreBinary) {
  EXPECT_EQ(request({"--cgroup-parent", "/ci/job"}).cgroup_parent, "/ci/job");
  EXPECT_EQ(request({"--shm-size", "64m"}).shm_size, 64 << 20);
  EXPECT_EQ(request({"--shm-size", "1GB"}).shm_size, 1 << 30);
  EXPECT_EQ(request({"--shm-size", "2k"}).shm_size, 2048);
  EXPECT_EQ(request({"--shm-size", "4096"}).shm_size, 4096);
  for (const char* wrong : {"", "m", "1.5.5g", "-5m", "9999999999999g", "64x"}) {
    EXPECT_EQ(refusal({std::string("--shm-size=") + wrong + (*wrong == '\0' ? " " : "")}).kind(),
              base::ErrorKind::kUsage)
        << wrong;
  }
}

TEST(CliBuildFlags, TheEpochHasThreeSources) {
  EXPECT_EQ(request({"--source-date-epoch", "42"}, {{"SOURCE_DATE_EPOCH", "7"}}).epoch, 42);
  build::BuildRequest by_environment = request({}, {{"SOURCE_DATE_EPOCH", "7"}});
  EXPECT_EQ(by_environment.epoch, std::nullopt);
  EXPECT_EQ(by_environment.build_args.at("SOURCE_DATE_EPOCH"), "7") << "a Dockerfile may declare it as ARG";
  build::BuildRequest by_argument =
      request({"--build-arg", "SOURCE_DATE_EPOCH=9"}, {{"SOURCE_DATE_EPOCH", "7"}});
  EXPECT_EQ(by_argument.build_args.at("SOURCE_DATE_EPOCH"), "9");
  EXPECT_FALSE(request({"--build-arg", "SOURCE_DATE_EPOCH="}).epoch_from_git);
  EXPECT_EQ(refusal({"--source-date-epoch", "1x"}).message(),
            "--source-date-epoch '1x' is not a whole number");
  EXPECT_EQ(refusal({}, {{"SOURCE_DATE_EPOCH", "now"}}).message(),
            "SOURCE_DATE_EPOCH 'now' is not a whole number");
}

}  // namespace
}  // namespace cooper::cli
