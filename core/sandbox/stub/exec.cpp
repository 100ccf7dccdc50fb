#include "sandbox/stub/exec.h"

#include <fcntl.h>
#include <initializer_list>
#include <sys/mman.h>

#include "sandbox/stub/capabilities.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/handover.h"
#include "sandbox/stub/program.h"
#include "sandbox/stub/report.h"
#include "sandbox/stub/signals.h"

namespace cooper::sandbox::stub {
namespace {

// Room for the next program's arguments, however many.
class Arguments {
 public:
  explicit Arguments(std::size_t count) : size_((count + 1) * sizeof(char*)) {
    if (size_ <= kPathSize) {
      list_ = reinterpret_cast<const char**>(small_.get());
      return;
    }
    const long map = sys(SYS_mmap, 0, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    list_ = is_error(map) ? nullptr : at_address<const char*>(map);
  }
  ~Arguments() {
    if (size_ > kPathSize && list_ != nullptr) sys(SYS_munmap, list_, size_);
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  bool valid() const { return list_ != nullptr; }
  const char** list() const { return list_; }
  void add(const char* text) { list_[count_++] = text; }

 private:
  PathBuffer small_;
  std::size_t size_;
  const char** list_;
  std::size_t count_ = 0;
};

// What the kernel calls the file: as it was given, or by its descriptor.
void name_program(int directory, const char* path, char* name) {
  Writer text(name, kPathSize);
  if (directory != AT_FDCWD && path[0] != '/') {
    text.add("/dev/fd/").number(static_cast<std::uint64_t>(directory));
    if (path[0] != '\0') text.add("/");
  }
  text.add(path);
}

long check_interpreter(const Program& program) {
  Headers headers;
  if (const long error = read_headers(program.fd.get(), headers); error != 0) return error;
  PathBuffer path;
  if (const long error = read_interpreter(program.fd.get(), headers, path); error != 0) return error;
  if (path[0] == '\0') return 0;
  Program interpreter;
  if (const long error = open_program(AT_FDCWD, path, 0, interpreter); error != 0) return error;
  return read_headers(interpreter.fd.get(), headers) == 0 ? 0 : -ELIBBAD;
}

std::size_t count_of(char** list) {
  std::size_t count = 0;
  while (list != nullptr && list[count] != nullptr) ++count;
  return count;
}

long replace_process(const Program& program, const Script& script, char** given, char** environment,
                     const Call* call) {
  PathBuffer room;
  PathBuffer state;
  // Too much for the stack that signals run on.
  static_assert(sizeof(Handover) <= kPathSize);
  auto& handover = *reinterpret_cast<Handover*>(room.get());
  handover.program_fd = program.fd.get();
  handover.secure = false;
  handover.identity = identity();
  if (const long error = transform(program.file, handover); error != 0) return error;
  write_state(handover, state, kPathSize);
  const std::size_t count = count_of(given);
  Arguments arguments(kPrivateArguments + static_cast<std::size_t>(script.count) + count + 1);
  if (!arguments.valid()) return -ENOMEM;
  for (const char* text :
       {"cooper-stub", "run", static_cast<const char*>(state.get()),
        static_cast<const char*>(handover.identity.root), static_cast<const char*>(program.path.get()),
        static_cast<const char*>(script.name.get())}) {
    arguments.add(text);
  }
  for (int i = 0; i < script.count; ++i) arguments.add(script.arguments[i]);
  for (std::size_t i = script.count > 0 ? 1 : 0; i < count; ++i) arguments.add(given[i]);
  if (count == 0 && script.count == 0) arguments.add("");
  arguments.add(nullptr);
  set_leaving(true);
  long result = 0;
  if (call == nullptr) {
    result = sys(SYS_execveat, kStubFd, "", arguments.list(), environment, AT_EMPTY_PATH);
  } else {
    // The next program starts with the signals blocked that this one has blocked.
    const SignalsOpen open(*call);
    result = sys(SYS_execveat, kStubFd, "", arguments.list(), environment, AT_EMPTY_PATH);
  }
  set_leaving(false);
  return result;
}

}  // namespace

long execute(int directory, const char* path, char** arguments, char** environment, int flags,
             const Call* call) {
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) return -EINVAL;
  Program program;
  if (const long error = open_program(directory, path, flags, program); error != 0) return error;
  if (arguments != nullptr && !is_address(arguments)) return -EFAULT;
  Script script;
  name_program(directory, path, script.name);
  if (board().trace != 0) trace_program(script.name);
  if (const long error = follow_scripts(program, script); error != 0) return error;
  if (const long error = check_interpreter(program); error != 0) return error;
  return replace_process(program, script, arguments, environment, call);
}

long on_execve(Call& call) {
  return execute(AT_FDCWD, call.path(0), call.pointer<char*>(1), call.pointer<char*>(2), 0, &call);
}

long on_execveat(Call& call) {
  return execute(call.fd(0), call.path(1), call.pointer<char*>(2), call.pointer<char*>(3), call.flags(4),
                 &call);
}

}  // namespace cooper::sandbox::stub
