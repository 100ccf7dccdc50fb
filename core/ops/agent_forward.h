// Gives a step the keys of an ssh agent to sign with, and nothing else of the agent.
//
// A socket of our own, with the mode and the owner that the mount asks for, stands in for the agent's: steps
// run as other users than the agent, which talks to its own only. Of the requests that there are
// (draft-miller-ssh-agent, section 5) the listing of keys and signing go through; a step can neither add,
// remove nor lock a key.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>

#include "os/beneath.h"

namespace cooper::ops {

class AgentForward {
 public:
  struct Access {
    std::uint32_t mode = 0600;
    std::uint32_t uid = 0;  // one that the user namespace does not map becomes ours
    std::uint32_t gid = 0;
  };

  // `agent`: its socket. Ours is made in `directory`. Throws Error{kIo}.
  AgentForward(std::string agent, os::TempDir directory, const Access& access);
  // Ends every conversation.
  ~AgentForward();
  AgentForward(const AgentForward&) = delete;
  AgentForward& operator=(const AgentForward&) = delete;

  const std::string& socket() const { return socket_; }

 private:
  class Server;
  os::TempDir directory_;
  std::string socket_;
  std::unique_ptr<Server> server_;
};

}  // namespace cooper::ops
