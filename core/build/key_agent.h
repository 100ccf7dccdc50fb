// --ssh ID=KEYFILE: an ssh agent of our own that holds the key, for as long as the build runs.
//
// It is OpenSSH's ssh-agent: keys have many forms, and it reads them all. It ends with this object, or with
// this process, however that ends. The key goes from its file to the agent and nowhere else.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "os/beneath.h"
#include "os/conversation.h"

namespace cooper::build {

class KeyAgent {
 public:
  // Throws Error{kUnsupported} where there is no ssh-agent, Error{kContext} naming a key that it cannot use.
  KeyAgent(const std::vector<std::string>& keys, os::TempDir directory, const std::stop_token& stop);

  std::string socket() const { return directory_.path() + "/agent"; }

 private:
  os::TempDir directory_;
  os::Conversation program_;
};

// The agents that --ssh names: those whose socket was given, and ours, each started when it is first wanted.
// Safe from any thread.
class SshAgents {
 public:
  using Sockets = std::map<std::string, std::string>;
  using Keys = std::map<std::string, std::vector<std::string>>;

  // `make_directory`: a place for a socket of ours, called once per agent.
  SshAgents(Sockets sockets, Keys keys, std::function<os::TempDir()> make_directory)
      : sockets_(std::move(sockets)), keys_(std::move(keys)), make_directory_(std::move(make_directory)) {}

  // nullopt when no agent of that name was given.
  std::optional<std::string> socket_of(const std::string& id, const std::stop_token& stop);

 private:
  Sockets sockets_;
  Keys keys_;
  std::function<os::TempDir()> make_directory_;
  std::mutex mutex_;  // held while an agent starts
  std::map<std::string, KeyAgent> started_;
};

}  // namespace cooper::build
