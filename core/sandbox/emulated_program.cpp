#include "sandbox/emulated_program.h"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/credentials.h"
#include "sandbox/landlock.h"
#include "sandbox/messages.h"
#include "sandbox/program.h"
#include "sandbox/step_view.h"
#include "sandbox/stub/abi.h"

namespace cooper::sandbox {

namespace {

// The reserved descriptors, and one above them that the stub uses for changed roots.
constexpr std::uint64_t kLeastOpenFiles = 1024;

void connect_streams(const StepFds& fds) {
  // So that whoever the step believes to be may open /dev/stdout and /dev/stderr again.
  for (const os::Fd* fd : {&fds.output, &fds.errors}) (void)::fchmod(fd->get(), 0666);
  const os::Fd input = os::open_file("/dev/null", O_RDONLY);
  base::check(::dup2(input.get(), STDIN_FILENO), "connect", "stdin");
  base::check(::dup2(fds.output.get(), STDOUT_FILENO), "connect", "stdout");
  base::check(::dup2(fds.errors.get(), STDERR_FILENO), "connect", "stderr");
}

// A file that execve(2) would take; the stub has the last word.
bool is_program(const StepView& view, const std::string& path) {
  try {
    struct stat status {};
    base::check(::fstat(view.open(path).get(), &status), "examine", path);
    return S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0;
  } catch (const base::Error&) {
    return false;
  }
}

bool exists(const StepView& view, const std::string& path) {
  try {
    return view.open(path).valid();
  } catch (const base::Error&) {
    return false;
  }
}

// Which file of PATH it is. A name with a slash is for the stub to judge.
std::string find_program(const Spec& spec, const StepView& view) {
  if (spec.argv[0].find('/') != std::string::npos) return spec.argv[0];
  int failure = ENOENT;
  for (const auto& path : program_candidates(spec.argv[0], spec.env)) {
    const std::string place = path.front() == '/' ? path : spec.cwd + "/" + path;
    if (is_program(view, place)) return path;
    if (exists(view, place)) failure = EACCES;
  }
  report_unstarted(spec.argv[0], failure);
}

// From here on nothing that runs can gain what this process has not. Where owners are real so is the user.
void give_up_privileges(const EmulatedProgram& program) {
  base::check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set", "no_new_privs");
  if (!is_filtered()) program.filter.install();
  if (program.tier == Tier::kEmulatedRoot) set_ids(program.spec);
  const bool is_root = ::geteuid() == 0;
  limit_capabilities(is_root || program.tier != Tier::kEmulatedRoot ? default_capabilities() : 0);
}

bool may_write(const BindTable::Entry& entry) {
  // To root /proc has the machine's own switches (sysrq-trigger, sys), which Docker protects with mounts.
  const bool is_proc = (entry.flags & stub::Bind::kMagicLinks) != 0;
  return (entry.flags & stub::Bind::kReadOnly) == 0 && !(is_proc && ::geteuid() == 0);
}

// Before this process is somebody else, who may not get to all of the places.
std::optional<Landlock> granted_files(const EmulatedProgram& program, const StepView& view) {
  if (!Landlock::usable()) return std::nullopt;
  const auto& farm = std::get<FarmRoot>(program.spec.root);
  using Access = Landlock::Access;
  Landlock rules;
  rules.grant(view.root().fd(), Access::kWrite, farm.directory);
  rules.grant(os::open_file(farm.scratch, O_PATH | O_DIRECTORY).get(), Access::kWrite, farm.scratch);
  rules.grant(program.stub.get(), Access::kRead, "the stub");
  for (const auto& entry : program.binds.entries()) {
    rules.grant(program.binds.source(entry).get(), may_write(entry) ? Access::kWrite : Access::kRead,
                entry.target);
  }
  return rules;
}

void place(int fd, int number) {
  // The sources were opened one after the other from the lowest number on.
  if (fd >= stub::kRootFd) throw base::os_error(EMFILE, "place", "a step's descriptors");
  base::check(::dup2(fd, number), "place", "a step's descriptors");
}

void place_descriptors(const EmulatedProgram& program, const StepView& view) {
  place(view.root().fd(), stub::kRootFd);
  place(program.stub.get(), stub::kStubFd);
  place(program.fds.board.get(), stub::kBoardFd);
  if (program.fds.changes.valid()) place(program.fds.changes.get(), stub::kChangesFd);
  int number = stub::kFirstBindFd;
  for (const auto& entry : program.binds.entries()) place(program.binds.source(entry).get(), number++);
}

void prepare(const EmulatedProgram& program, const StepView& view) {
  base::check(::setsid(), "start", "a session");
  ::umask(0022);
  const os::Fd directory = view.make_directory(program.spec.cwd);
  base::check(::fchdir(directory.get()), "enter the working directory", program.spec.cwd);
  apply_ulimits(program.spec.ulimits, kLeastOpenFiles);
  place_descriptors(program, view);
  const auto files = granted_files(program, view);
  give_up_privileges(program);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // becoming another user would clear it
  if (files) files->enforce();
}

[[noreturn]] void become_stub(const Spec& spec, const std::string& path) {
  std::vector<std::string> texts{"cooper-stub", "start", path};
  texts.insert(texts.end(), spec.argv.begin(), spec.argv.end());
  const auto argv = pointers(texts);
  const auto env = pointers(spec.env);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::syscall(SYS_execveat, stub::kStubFd, "", argv.data(), env.data(), AT_EMPTY_PATH);
  base::throw_errno("start", "the stub");
}

}  // namespace

void run_emulated_program(const EmulatedProgram& program) {
  try {
    const StepView view(std::get<FarmRoot>(program.spec.root).directory, program.binds);
    connect_streams(program.fds);
    const std::string path = find_program(program.spec, view);
    prepare(program, view);
    become_stub(program.spec, path);
  } catch (const base::Error& error) {
    send_message(program.fds.socket.get(), MessageType::kFailed, pack_error(error), {});
    ::_exit(kCannotExecute);
  }
}

}  // namespace cooper::sandbox
