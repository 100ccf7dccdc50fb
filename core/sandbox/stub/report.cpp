#include "sandbox/stub/report.h"

#include "sandbox/stub/calls.h"
#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {
namespace {

void say(const char* text, std::size_t length) {
  sys(SYS_write, 2, text, length);
}

const char* reason_of(long error) {
  switch (error) {
    case -ENOENT:
      return "no such file or directory";
    case -EACCES:
      return "permission denied";
    case -ENOEXEC:
      return "not a program that this machine can execute";
    case -ENOTDIR:
      return "not a directory";
    case -ELOOP:
      return "too many levels of symbolic links or interpreters";
    case -E2BIG:
      return "argument list too long";
    case -ENOMEM:
      return "out of memory";
    case -ENAMETOOLONG:
      return "file name too long";
    default:
      return nullptr;
  }
}

[[noreturn]] void end(int status) {
  for (;;) sys(SYS_exit_group, status);
}

}  // namespace

void trace_program(const char* path) {
  char line[512];
  Writer text(line, sizeof line);
  text.add("cooper-stub ")
      .number(static_cast<std::uint64_t>(sys(SYS_getpid)))
      .add(": runs ")
      .add(path)
      .add("\n");
  say(line, text.length());
}

void trace_call(const Call& call, long result) {
  char line[256];
  Writer text(line, sizeof line);
  text.add("cooper-stub ").number(static_cast<std::uint64_t>(sys(SYS_gettid))).add(": call ");
  text.number(static_cast<std::uint64_t>(call.number)).add('(');
  for (int i = 0; i < 4; ++i) {
    if (i > 0) text.add(", ");
    text.add("0x").number(static_cast<std::uint64_t>(call.arguments[i]), 16);
  }
  text.add(") = ");
  if (result < 0) text.add('-');
  text.number(static_cast<std::uint64_t>(result < 0 ? -result : result)).add("\n");
  say(line, text.length());
}

void die(const char* what, const char* subject) {
  char line[512];
  Writer text(line, sizeof line);
  text.add("cooper-stub: ").add(what).add(" '").add(subject).add("'\n");
  say(line, text.length());
  end(127);
}

void refuse_program(const char* program, long error) {
  char line[1024];
  Writer text(line, sizeof line);
  text.add("cannot run '").add(program).add("': ");
  if (reason_of(error) != nullptr) {
    text.add(reason_of(error));
  } else {
    text.add("error ").number(static_cast<std::uint64_t>(-error));
  }
  text.add("\n");
  say(line, text.length());
  end(error == -ENOENT ? 127 : 126);
}

}  // namespace cooper::sandbox::stub
