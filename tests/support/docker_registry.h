// Debian's docker-registry on a free loopback port, with its storage in a directory of its own; ended by the
// destructor.
#pragma once

#include <string>
#include <sys/types.h>
#include <thread>

namespace cooper::testing {

class DockerRegistry {
 public:
  struct Options {
    bool password = false;  // wants user "ci" with password "secret" (htpasswd)
  };

  // Why it cannot run here, "" when it can: give it to GTEST_SKIP.
  static std::string unavailable();

  DockerRegistry() : DockerRegistry(Options()) {}
  explicit DockerRegistry(Options options);
  ~DockerRegistry();
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void wait_until_listening(int log);

  std::string folder_;
  pid_t pid_ = -1;
  int port_ = 0;
  std::thread log_reader_;
};

}  // namespace cooper::testing
