#include "support/child_server.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace cooper::testing {

ChildServer::ChildServer(std::vector<std::string> arguments, const std::string& mark) {
  std::array<int, 2> log{};
  if (::pipe2(log.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, log[1], 1);
  posix_spawn_file_actions_adddup2(&actions, log[1], 2);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(log[1]);
  if (failed != 0) throw std::runtime_error("cannot start " + arguments[0]);
  wait_until_listening(log[0], arguments[0], mark);
}

void ChildServer::wait_until_listening(int log, const std::string& program, const std::string& mark) {
  std::string text;
  std::array<char, 4096> buffer;
  while (port_ == 0) {
    ssize_t length = ::read(log, buffer.data(), buffer.size());
    if (length <= 0) throw std::runtime_error(program + " ended early: " + text);
    text.append(buffer.data(), static_cast<std::size_t>(length));
    std::size_t at = text.find(mark);
    // The number is complete once something follows it.
    bool is_whole = at != std::string::npos &&
                    text.find_first_not_of("0123456789", at + mark.size()) != std::string::npos;
    if (is_whole) port_ = std::atoi(text.c_str() + at + mark.size());
  }
  log_reader_ = std::thread([log] {
    std::array<char, 4096> rest;
    while (::read(log, rest.data(), rest.size()) > 0) {
    }
    ::close(log);
  });
}

ChildServer::~ChildServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  log_reader_.join();
}

}  // namespace cooper::testing
