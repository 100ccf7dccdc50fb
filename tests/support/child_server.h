// A server that others wrote, as a child on a loopback port that the kernel chose and its log names; ended by
// the destructor.
#pragma once

#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace cooper::testing {

class ChildServer {
 public:
  // `mark`: what stands before the port in the log. Returns once it is there.
  ChildServer(std::vector<std::string> arguments, const std::string& mark);
  ~ChildServer();
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void wait_until_listening(int log, const std::string& program, const std::string& mark);

  pid_t pid_ = -1;
  int port_ = 0;
  std::thread log_reader_;
};

}  // namespace cooper::testing
