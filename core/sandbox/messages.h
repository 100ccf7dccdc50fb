// The datagrams between builder, launcher and a step's init, over SOCK_SEQPACKET sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::sandbox {

enum class MessageType : char {
  kStart = 'R',      // builder to launcher; descriptors: spec, stdout, stderr, the step's socket; for a
                     // FarmRoot also its board, and then the list of changes where there is one
  kStarted = 'P',    // launcher to builder; descriptor: the init's pidfd
  kStub = 'S',       // init to builder; payload: a path, see MountPoints
  kFailed = 'E',     // init to builder; payload: an error
  kExited = 'X',     // init to builder; payload: an ExitReport
  kTerminate = 'T',  // builder to init: TERM to every process of the step
  kKill = 'K',       // builder to init: KILL to all of them, and end, where there is no pid namespace
};

struct Message {
  MessageType type = MessageType::kFailed;
  std::string payload;
  std::vector<os::Fd> fds;
};

// How the main program ended; copied byte for byte between processes of one binary.
struct ExitReport {
  int wait_status = 0;
  std::uint64_t peak_memory = 0;  // bytes, of the largest process
  std::int64_t cpu_time_us = 0;
};

// False when the other side is gone. Throws Error{kIo} for other failures.
bool send_message(int socket, MessageType type, std::string_view payload, std::span<const int> fds);
// nullopt when the other side is gone, or when `wait` is false and nothing is there (errno EAGAIN).
std::optional<Message> receive_message(int socket, bool wait);

std::string pack_error(const base::Error& error);
base::Error unpack_error(const std::string& payload);

std::pair<os::Fd, os::Fd> make_socket_pair();

}  // namespace cooper::sandbox
