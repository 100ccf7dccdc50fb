#include "context/git_conversation.h"

#include <gmock/gmock.h>
#include <thread>

#include "context/git_repository.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"
#include "support/fake_ssh.h"
#include "support/git_work_tree.h"

namespace cooper::context {
namespace {

using support::error_of;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class ContextGitConversation : public ::testing::Test {
 protected:
  GitRepository repository(const std::string& url) {
    const GitUrl parsed = GitUrl::parse(url);
    return {parsed, parsed, root_.path() + "/cache", access_};
  }
  // What is said when ssh writes `complaint` and ends.
  base::Error failure_after(const std::string& complaint, const std::string& url = "ssh://git@host/x.git") {
    os::write_file_atomically(root_.path() + "/failing",
                              "#!/bin/sh\ncat >&2 <<'END'\n" + complaint + "\nEND\nexit 255\n", 0755);
    access_.ssh_agent = [] { return "/agent"; };
    access_.ssh_program = root_.path() + "/failing";
    return error_of([&] { repository(url).resolve("", {}); });
  }

  os::TempDir root_{::testing::TempDir()};
  GitAccess access_;
};

TEST_F(ContextGitConversation, SshReadsNoConfigurationAndAsksNothing) {
  access_.known_hosts = {"/home/me/my hosts"};
  const std::vector<std::string> command =
      ssh_command(GitUrl::parse("ssh://git@h:2222/org/it's.git"), access_);
  EXPECT_THAT(command,
              AllOf(Contains("none"), Contains("BatchMode=yes"), Contains("StrictHostKeyChecking=yes"),
                    Contains("UserKnownHostsFile=\"/home/me/my hosts\" ~/.ssh/known_hosts")));
  const std::vector<std::string> tail(command.end() - 7, command.end());
  EXPECT_EQ(tail, (std::vector<std::string>{"-p", "2222", "-l", "git", "--", "h",
                                            "git-upload-pack '/org/it'\\''s.git'"}));
}

TEST_F(ContextGitConversation, PathsAreAsGitHasThem) {
  EXPECT_EQ(ssh_command(GitUrl::parse("git@h:org/x.git"), access_).back(), "git-upload-pack 'org/x.git'");
  EXPECT_EQ(ssh_command(GitUrl::parse("ssh://git@h/~me/x.git"), access_).back(),
            "git-upload-pack '~me/x.git'");
  const std::vector<std::string> v6 = ssh_command(GitUrl::parse("ssh://git@[::1]/x.git"), access_);
  EXPECT_EQ(v6.at(v6.size() - 2), "::1");
}

TEST_F(ContextGitConversation, TheAgentsSocketIsAllThatSshIsGiven) {
  support::GitWorkTree origin(root_.path() + "/origin");
  const std::string commit = origin.commit_file("file", "content");
  access_.ssh_agent = [] { return "/the/agent"; };
  access_.ssh_program = support::make_fake_ssh(root_.path());
  EXPECT_EQ(repository("ssh://git@host" + origin.directory()).resolve("main", {}).commit, commit);
  EXPECT_THAT(os::read_file(access_.ssh_program + ".log"), HasSubstr("/the/agent: -F none"));
}

TEST_F(ContextGitConversation, WithoutAnAgentThereIsNoSsh) {
  base::Error error = error_of([&] { repository("git@host:x.git").resolve("", {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.hint(), HasSubstr("--ssh default"));
}

TEST_F(ContextGitConversation, WithoutTheProgramItSaysWhatToDo) {
  access_.ssh_agent = [] { return "/agent"; };
  access_.ssh_program = "/no/such/ssh";
  base::Error error = error_of([&] { repository("git@host:x.git").resolve("", {}); });
  EXPECT_THAT(error.summary(), HasSubstr("/no/such/ssh"));
  EXPECT_THAT(error.hint(), HasSubstr("install an ssh client"));
}

TEST_F(ContextGitConversation, ComplaintsOfSshAreExplained) {
  base::Error unknown = failure_after("No ED25519 host key is known for h\nHost key verification failed.",
                                      "ssh://git@h:2222/x.git");
  EXPECT_EQ(unknown.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(unknown.message(), HasSubstr("the host key of 'h' is not known"));
  EXPECT_THAT(unknown.hint(), HasSubstr("ssh-keyscan -p 2222 h >> ~/.ssh/known_hosts"));
  base::Error refused = failure_after("git@h: Permission denied (publickey).");
  EXPECT_EQ(refused.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(refused.message(), HasSubstr("refuses the keys of the agent"));
  base::Error other = failure_after("motd\nERROR: Repository \x1b[31mnot found.");
  EXPECT_EQ(other.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(other.message(), "git repository 'ssh://git@host/x.git': ERROR: Repository  [31mnot found.");
  EXPECT_THAT(failure_after("").message(), HasSubstr("the server ended the conversation"));
}

TEST_F(ContextGitConversation, AHostThatIsNotThereIsNamed) {
  base::Error error = error_of([&] { repository("git://127.0.0.1:1/x.git").resolve("", {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr("git repository 'git://127.0.0.1:1/x.git': cannot connect"));
}

TEST_F(ContextGitConversation, AStopRequestEndsIt) {
  os::write_file_atomically(root_.path() + "/silent", "#!/bin/sh\nexec sleep 1000\n", 0755);
  access_.ssh_agent = [] { return "/agent"; };
  access_.ssh_program = root_.path() + "/silent";
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(error_of([&] { repository("git@host:x.git").resolve("", source.get_token()); }).kind(),
            base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace cooper::context
