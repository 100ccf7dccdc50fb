// Finding the program that an execve means: permission, format, interpreters of scripts.
#pragma once

#include <elf.h>
#include <sys/stat.h>

#include "sandbox/stub/paths.h"

namespace cooper::sandbox::stub {

// A file that may be executed, open for reading.
struct Program {
  Descriptor fd;
  PathBuffer path;      // of the tree; "" when it is not in there (a memory file)
  struct stat file {};  // as the step sees it
};

// 0, or what execve answers: ENOENT, EACCES, ELOOP, ...
long open_program(int directory, const char* path, int flags, Program& program);

inline constexpr std::size_t kMaxHeaders = kPathSize / sizeof(Elf64_Phdr);

// A program's headers. `raw` has room for kMaxHeaders.
struct Headers {
  Elf64_Ehdr file;
  PathBuffer raw;
  const Elf64_Phdr* segment(int i) const { return reinterpret_cast<const Elf64_Phdr*>(raw.get()) + i; }
};
// 0 or -ENOEXEC: not a program for this machine.
long read_headers(int fd, Headers& headers);
// The path of the program's interpreter, "" for none; -ENOEXEC when it is malformed.
long read_interpreter(int fd, const Headers& headers, char* path);

// What a chain of scripts puts before the arguments.
struct Script {
  static constexpr int kMaxArguments = 12;
  const char* arguments[kMaxArguments];
  int count = 0;     // 0: it is no script; argument 0 of the caller is dropped otherwise
  PathBuffer lines;  // where the arguments are
  PathBuffer name;   // of the script as it was given
};

// Replaces `program` by its interpreter as long as it is a script. 0 or what execve answers.
long follow_scripts(Program& program, Script& script);

}  // namespace cooper::sandbox::stub
