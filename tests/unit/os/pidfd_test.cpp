#include "os/pidfd.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::os {
namespace {

TEST(OsPidfd, SignalsAndWaits) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const Fd pidfd = open_pidfd(child);
  EXPECT_TRUE(signal_pidfd(pidfd, SIGKILL));
  wait_pidfd(pidfd);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, WNOHANG), child) << "it had ended when wait_pidfd() returned";
  EXPECT_FALSE(signal_pidfd(pidfd, SIGKILL)) << "reaped: nobody is there";
  EXPECT_THROW(open_pidfd(child), base::Error);
}

}  // namespace
}  // namespace cooper::os
