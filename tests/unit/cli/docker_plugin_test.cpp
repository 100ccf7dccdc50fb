#include "cli/docker_plugin.h"

#include <csignal>
#include <cstddef>
#include <cstring>
#include <gmock/gmock.h>
#include <map>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace cooper::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

DockerCall call(const std::vector<std::string>& arguments) {
  return read_docker_call(arguments, Environment(Variables{{"DOCKER_CONFIG", "/home"}}));
}

TEST(CliDockerPlugin, CooperItselfIsCalledAsItIs) {
  const DockerCall made = call({"/usr/bin/cooper", "--config", "x", "cooper"});
  EXPECT_THAT(made.arguments, ElementsAre("--config", "x", "cooper"));
  EXPECT_EQ(made.environment.get("DOCKER_CONFIG"), "/home");
  EXPECT_FALSE(made.answer);
}

TEST(CliDockerPlugin, DockerIsToldWhatThisIs) {
  for (const char* program : {"docker-cooper", "/a/b/docker-buildx"}) {
    const DockerCall made = call({program, "docker-cli-plugin-metadata"});
    ASSERT_TRUE(made.answer);
    EXPECT_THAT(*made.answer, HasSubstr(R"("SchemaVersion":"0.1.0")"));
  }
}

TEST(CliDockerPlugin, DockersFlagsComeBeforeTheName) {
  const DockerCall made = call({"docker-cooper", "--config", "/d", "-H", "tcp://x", "--log-level=debug",
                                "--tls", "cooper", "build", "--config", "y", "."});
  EXPECT_THAT(made.arguments, ElementsAre("build", "--config", "y", "."));
  EXPECT_EQ(made.environment.get("DOCKER_CONFIG"), "/d");
  EXPECT_EQ(call({"docker-cooper", "--config=/e", "cooper", "images"}).environment.get("DOCKER_CONFIG"),
            "/e");
}

TEST(CliDockerPlugin, BuildxIsASubCommand) {
  EXPECT_THAT(call({"docker-buildx", "buildx", "build", "."}).arguments, ElementsAre("buildx", "build", "."));
  EXPECT_THAT(call({"docker-buildx", "ls"}).arguments, ElementsAre("buildx", "ls")) << "without docker";
  EXPECT_THAT(call({"docker-buildx", "buildx", "-D", "build", "."}).arguments,
              ElementsAre("buildx", "build", "."));
}

TEST(CliDockerPlugin, HelpIsAskedForInEveryWay) {
  EXPECT_THAT(call({"docker-cooper", "help", "cooper"}).arguments, ElementsAre("--help"));
  EXPECT_THAT(call({"docker-cooper", "cooper", "--help"}).arguments, ElementsAre("--help"));
  EXPECT_THAT(call({"docker-cooper", "cooper"}).arguments, ElementsAre("--help"));
  EXPECT_THAT(call({"docker-buildx", "buildx", "build", "--help"}).arguments,
              ElementsAre("buildx", "build", "--help"));
  EXPECT_THAT(call({"docker-cooper", "cooper", "version"}).arguments, ElementsAre("--version"));
}

TEST(CliDockerPlugin, TheEndOfDockersSocketIsASignal) {
  const std::string name = "cooper-plugin-test-" + std::to_string(::getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  os::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &before);
  const os::Fd followed = follow_docker(Environment(Variables{{"DOCKER_CLI_PLUGIN_SOCKET", "@" + name}}));
  ASSERT_TRUE(followed.valid());
  os::Fd accepted(::accept(listener.get(), nullptr, nullptr));
  accepted.reset();
  const timespec patience{20, 0};
  EXPECT_EQ(::sigtimedwait(&term, nullptr, &patience), SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_FALSE(
      follow_docker(Environment(Variables{{"DOCKER_CLI_PLUGIN_SOCKET", "@nobody-listens-here"}})).valid());
  EXPECT_FALSE(follow_docker(Environment(Variables())).valid());
}

}  // namespace
}  // namespace cooper::cli
