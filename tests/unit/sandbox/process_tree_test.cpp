// A parent of its own for every test: the subreaper must not be the test program, whose children others are.
#include "sandbox/process_tree.h"

#include <functional>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fd.h"

namespace cooper::sandbox {
namespace {

TEST(ProcessTree, ReadsStatusLinesOfAnyName) {
  const std::string rest = " S 7 5 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 8899 1 2";
  EXPECT_EQ(parse_process_status("42 (sh)" + rest), (ProcessStatus{42, 7, 5, 8899}));
  EXPECT_EQ(parse_process_status("42 (a) R 1 (b)" + rest), (ProcessStatus{42, 7, 5, 8899}));
  EXPECT_EQ(parse_process_status("42 (sh) S 7").pid, 0);
  EXPECT_EQ(parse_process_status("").pid, 0);
}

// Runs `action` in a subreaper; its result is the exit code.
int in_subreaper(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    ::_exit(action());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// A daemon, as they are made: forked twice, with a session of its own. Returns when it runs.
void start_daemon() {
  auto [reader, writer] = os::make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    ::signal(SIGTERM, SIG_IGN);
    (void)!::write(writer.get(), "x", 1);
    while (true) ::pause();
  }
  ::waitpid(child, nullptr, 0);
  char ready = 0;
  (void)!::read(reader.get(), &ready, 1);
}

TEST(ProcessTree, FindsDaemonsAndEndsThem) {
  EXPECT_EQ(in_subreaper([] {
              start_daemon();
              start_daemon();
              if (descendants().size() != 2) return 1;
              end_descendants();
              return descendants().empty() && ::waitpid(-1, nullptr, WNOHANG) < 0 ? 0 : 2;
            }),
            0);
}

TEST(ProcessTree, SignalsAll) {
  EXPECT_EQ(in_subreaper([] {
              const pid_t child = ::fork();
              if (child == 0) {
                while (true) ::pause();
              }
              signal_descendants(SIGTERM);
              int status = 0;
              ::waitpid(child, &status, 0);
              return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? 0 : 1;
            }),
            0);
}

TEST(ProcessTree, SparesWhomItIsTold) {
  EXPECT_EQ(in_subreaper([] {
              const pid_t spared = ::fork();
              if (spared == 0) {
                ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
                start_daemon();
                while (true) ::pause();
              }
              while (descendants().size() < 2) ::sched_yield();
              start_daemon();
              end_descendants({spared});
              const bool whole = descendants({spared}).empty() && descendants().size() >= 2;
              ::kill(spared, SIGKILL);
              ::waitpid(spared, nullptr, 0);
              end_descendants();
              return whole && descendants().empty() ? 0 : 1;
            }),
            0);
}

// Each process starts another and ends: whoever looks and kills one by one is always late.
int outrun(const std::function<void()>& before_fork) {
  return in_subreaper([&] {
    ::alarm(30);
    if (::fork() == 0) {
      ::setsid();
      ::alarm(25);  // should the test fail
      while (true) {
        before_fork();
        if (::fork() > 0) ::_exit(0);
      }
    }
    end_descendants();
    return descendants().empty() ? 0 : 1;
  });
}

TEST(ProcessTree, OutrunsProcessesThatKeepForking) {
  for (int round = 0; round < 10; ++round) EXPECT_EQ(outrun([] {}), 0);
}

TEST(ProcessTree, OutrunsProcessesThatLeaveTheirGroup) {
  for (int round = 0; round < 10; ++round) EXPECT_EQ(outrun([] { ::setsid(); }), 0);
}

TEST(ProcessTree, EndsManyAtOnce) {
  EXPECT_EQ(in_subreaper([] {
              ::alarm(30);
              if (::fork() == 0) {
                ::setsid();
                for (int depth = 0; depth < 6; ++depth) ::fork();
                while (true) ::pause();
              }
              while (descendants().size() < 64) ::sched_yield();
              end_descendants();
              return descendants().empty() && ::waitpid(-1, nullptr, WNOHANG) < 0 ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace cooper::sandbox
