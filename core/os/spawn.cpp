#include "os/spawn.h"

#include <cerrno>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::os {

namespace {

struct SpawnActions {
  SpawnActions() { ::posix_spawn_file_actions_init(&value); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&value); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t value{};
};

struct SpawnAttributes {
  SpawnAttributes() {
    ::posix_spawnattr_init(&value);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&value, &none);
    ::posix_spawnattr_setsigdefault(&value, &all);
    // A session of its own: Ctrl-C goes to us alone, and the whole group can be killed.
    ::posix_spawnattr_setflags(&value, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&value); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t value{};
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

pid_t spawn(const SpawnOptions& options) {
  SpawnActions actions;
  ::posix_spawn_file_actions_adddup2(&actions.value, options.input, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, options.output, 1);
  ::posix_spawn_file_actions_adddup2(&actions.value, options.errors, 2);
  if (!options.cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions.value, options.cwd.c_str());
  const SpawnAttributes attributes;
  auto argv = pointers(options.argv);
  const std::vector<std::string> variables = options.env.value_or(std::vector<std::string>{});
  auto env = pointers(variables);
  pid_t pid = -1;
  const int number = ::posix_spawnp(&pid, argv[0], &actions.value, &attributes.value, argv.data(),
                                    options.env ? env.data() : environ);
  if (number != 0) throw base::os_error(number, "run", options.argv[0]);
  return pid;
}

int kill_and_reap(pid_t pid) {
  // Its number cannot be reused before it is reaped, so the group is the right one.
  ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace cooper::os
