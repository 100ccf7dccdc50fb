#include "build/key_agent.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::build {
namespace {

// Arguments: the directory, then the keys. Says "ready", "none", or "bad" and the key; then waits until our
// end of its input closes. ssh-agent prints a line once it listens. Keys are read from standard input, for
// which ssh-add does not mind who else may read the file: secret files of a CI are often readable by all.
constexpr const char* kScript = R"(
directory=$1
shift
command -v ssh-agent >/dev/null && command -v ssh-add >/dev/null || { echo none; exit; }
exec 3<&0
(cd "$directory" && exec ssh-agent -D -a agent </dev/null 3<&-) | {
  read -r line
  for key; do
    (cd "$directory" && SSH_AUTH_SOCK=agent exec ssh-add -q - 3<&-) <"$key" >&2 || { echo "bad $key"; kill 0; }
  done
  echo ready
  cat <&3 >/dev/null
  kill 0
}
)";

std::vector<std::string> command_of(const std::vector<std::string>& keys, const std::string& directory) {
  std::vector<std::string> argv = {"/bin/sh", "-c", kScript, "ssh-keys", directory};
  argv.insert(argv.end(), keys.begin(), keys.end());
  return argv;
}

std::string read_line(os::Conversation& program, const std::stop_token& stop) {
  std::string line;
  std::byte byte{};
  while (program.read({&byte, 1}, stop) == 1 && byte != std::byte{'\n'}) line += static_cast<char>(byte);
  return line;
}

}  // namespace

KeyAgent::KeyAgent(const std::vector<std::string>& keys, os::TempDir directory, const std::stop_token& stop)
    : directory_(std::move(directory)),
      program_(
          os::Conversation::with_program(command_of(keys, directory_.path()),
                                         {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                          "SSH_ASKPASS_REQUIRE=never"})) {
  std::string answer = read_line(program_, stop);
  if (answer == "ready") return;
  if (answer == "none") {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "--ssh with a key file needs ssh-agent, which is not here")
        .hint("install openssh-client, or start an agent elsewhere and give its socket");
  }
  constexpr std::string_view kBad = "bad ";
  std::string key = answer.starts_with(kBad) ? answer.substr(kBad.size()) : base::join(keys, ", ");
  // Waits for the end, so that all that it said is there.
  while (!read_line(program_, stop).empty()) {
  }
  std::string reason = program_.errors();
  while (!reason.empty() && (reason.back() == '\n' || reason.back() == '\r')) reason.pop_back();
  throw base::Error(base::ErrorKind::kContext,
                    fmt::format("ssh-add cannot use the key '{}': {}", key, reason))
      .hint("give a private key without a passphrase, or the socket of an agent that has it");
}

std::optional<std::string> SshAgents::socket_of(const std::string& id, const std::stop_token& stop) {
  if (auto found = sockets_.find(id); found != sockets_.end()) return found->second;
  auto keys = keys_.find(id);
  if (keys == keys_.end()) return std::nullopt;
  std::scoped_lock lock(mutex_);
  auto agent = started_.find(id);
  if (agent == started_.end()) {
    agent = started_.try_emplace(id, keys->second, make_directory_(), stop).first;
  }
  return agent->second.socket();
}

}  // namespace cooper::build
