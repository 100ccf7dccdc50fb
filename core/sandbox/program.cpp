#include "sandbox/program.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/credentials.h"
#include "sandbox/messages.h"

namespace cooper::sandbox {

namespace {

constexpr int kNotFound = 127;
constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void connect_streams(const Spec& spec, const StepFds& fds) {
  // So that the user may open /dev/stdout and /dev/stderr again; an unmapped id fails later, where it can be
  // explained.
  for (const os::Fd* fd : {&fds.output, &fds.errors}) (void)!::fchown(fd->get(), spec.uid, spec.gid);
  // A root without /dev/null cannot be: /dev is ours. O_RDONLY, for nothing is ever asked of a build step.
  const os::Fd input = os::open_file("/dev/null", O_RDONLY);
  base::check(::dup2(input.get(), STDIN_FILENO), "connect", "stdin");
  base::check(::dup2(fds.output.get(), STDOUT_FILENO), "connect", "stdout");
  base::check(::dup2(fds.errors.get(), STDERR_FILENO), "connect", "stderr");
}

// Returns the errno of the failure that matters: a program that exists but may not be run is reported before
// one that is missing.
int execute(const Spec& spec) {
  const auto argv = pointers(spec.argv);
  const auto env = pointers(spec.env);
  int failure = ENOENT;
  for (const auto& path : program_candidates(spec.argv[0], spec.env)) {
    ::execve(path.c_str(), argv.data(), env.data());
    if (errno == ENOENT || errno == ENOTDIR) continue;
    failure = errno;
    if (errno != EACCES) break;
  }
  return failure;
}

void prepare_process(const Spec& spec, const SeccompFilter& filter, const StepFds& fds) {
  base::check(::setsid(), "start", "a session");
  connect_streams(spec, fds);
  ::umask(0022);
  // As root: a directory that the user may not enter is still its working directory, as in Docker.
  base::check(::chdir(spec.cwd.c_str()), "enter the working directory", spec.cwd);
  apply_ulimits(spec.ulimits);
  become_step_user(spec, filter);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

void report_unstarted(const std::string& name, int failure) {
  const std::string reason = failure == ENOENT ? "not found" : std::strerror(failure);
  const std::string line = "cannot run '" + name + "': " + reason + "\n";
  // Nobody listens when this fails; the exit code says the same.
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(failure == ENOENT ? kNotFound : kCannotExecute);
}

std::vector<std::string> program_candidates(const std::string& name, const std::vector<std::string>& env) {
  if (name.find('/') != std::string::npos) return {name};
  std::string path(kDefaultPath);
  for (const auto& variable : env) {
    if (variable.rfind("PATH=", 0) == 0) path = variable.substr(5);
  }
  std::vector<std::string> candidates;
  if (name.empty()) return candidates;
  for (const auto& directory : base::split(path, ':')) {
    candidates.push_back(directory.empty() ? "./" + name : directory + "/" + name);
  }
  return candidates;
}

void run_program(const Spec& spec, const SeccompFilter& filter, const StepFds& fds) {
  try {
    prepare_process(spec, filter, fds);
  } catch (const base::Error& error) {
    send_message(fds.socket.get(), MessageType::kFailed, pack_error(error), {});
    ::_exit(kCannotExecute);
  }
  report_unstarted(spec.argv[0], execute(spec));
}

}  // namespace cooper::sandbox
