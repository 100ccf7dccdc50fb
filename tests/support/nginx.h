// Debian's nginx as a loopback HTTP/2 server over TLS with a certificate of its own; ended by the destructor.
//
// "/small" and "/large" are files; each answer has its protocol in X-Protocol and the number of its
// connection in X-Connection. The listening socket is made here and inherited, so that no port is guessed.
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace cooper::testing {

class Nginx {
 public:
  static constexpr std::size_t kLargeSize = 8 << 20;  // bytes of "/large"

  // Why it cannot run here, "" when it can: give it to GTEST_SKIP.
  static std::string unavailable();

  Nginx();
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  int port() const { return port_; }
  std::string certificate() const { return folder_ + "/cert.pem"; }  // for "localhost"

 private:
  void make_certificate() const;
  void write_files() const;
  void start();

  std::string folder_;
  int listener_ = -1;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace cooper::testing
