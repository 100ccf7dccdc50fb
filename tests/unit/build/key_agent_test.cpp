#include "build/key_agent.h"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>

#include "os/fd.h"
#include "os/process.h"
#include "support/error_of.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class BuildKeyAgent : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v ssh-agent ssh-keygen >/dev/null") != 0)
      GTEST_SKIP() << "no ssh-agent (package openssh-client)";
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string make_key(const std::string& name, const std::string& passphrase = "") const {
    os::ProcessOptions options;
    options.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-C", name, "-N", passphrase, "-f", path(name)};
    EXPECT_EQ(os::run_process(options, {}).exit_code, 0);
    return path(name);
  }
  os::TempDir place() const { return os::TempDir(directory_.path(), "ssh-"); }
  static std::string keys_of(const std::string& socket) {
    os::ProcessOptions options;
    options.argv = {"ssh-add", "-l"};
    options.env = {{"SSH_AUTH_SOCK=" + socket, "PATH=/usr/bin:/bin"}};
    return os::run_process(options, {}).output;
  }

  os::TempDir directory_{"/tmp", "keys-"};
};

TEST_F(BuildKeyAgent, HoldsTheKeysUntilItGoes) {
  std::string one = make_key("one");
  std::filesystem::permissions(one, std::filesystem::perms(0644));  // as a CI's secret files are
  std::optional<KeyAgent> agent;
  agent.emplace(std::vector{one, make_key("two")}, place(), std::stop_token());
  std::string socket = agent->socket();
  EXPECT_THAT(keys_of(socket), HasSubstr("one (ED25519)"));
  EXPECT_THAT(keys_of(socket), HasSubstr("two (ED25519)"));
  agent.reset();
  EXPECT_EQ(keys_of(socket), "");
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(BuildKeyAgent, NamesAKeyThatItCannotUse) {
  os::write_file_atomically(path("nonsense"), "nonsense\n", 0600);
  base::Error error = error_of([&] { KeyAgent({path("nonsense")}, place(), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr("cannot use the key '" + path("nonsense") + "': "));
  std::string locked = make_key("locked", "secret passphrase");
  EXPECT_THAT(error_of([&] { KeyAgent({locked}, place(), {}); }).message(), HasSubstr(locked));
}

TEST_F(BuildKeyAgent, AgentsStartWhenTheyAreWanted) {
  int made = 0;
  SshAgents agents({{"given", "/some/socket"}}, {{"keys", {make_key("one")}}}, [&] {
    ++made;
    return place();
  });
  EXPECT_EQ(agents.socket_of("given", {}), "/some/socket");
  EXPECT_EQ(agents.socket_of("none", {}), std::nullopt);
  EXPECT_EQ(made, 0);
  std::optional<std::string> socket = agents.socket_of("keys", {});
  ASSERT_TRUE(socket);
  EXPECT_EQ(agents.socket_of("keys", {}), socket);
  EXPECT_EQ(made, 1);
  EXPECT_THAT(keys_of(*socket), HasSubstr("one"));
}

}  // namespace
}  // namespace cooper::build
