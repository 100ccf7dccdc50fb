#include "sandbox/stub/program.h"

#include <fcntl.h>

#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"

namespace cooper::sandbox::stub {
namespace {

// As much of a script as the kernel looks at.
constexpr long kLineSize = 256;
constexpr int kMaxDepth = 5;

long check_executable(const Node& node, struct stat& shown) {
  if (table_owners()) return check_settled(node.file, shown, kMayExecute, false);
  const DescriptorPath link(node.fd.get());
  const long error = sys(SYS_faccessat2, AT_FDCWD, link.text, kMayExecute, AT_EACCESS);
  return error == -ENOSYS || error == -EPERM ? sys(SYS_faccessat, AT_FDCWD, link.text, kMayExecute) : error;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// A script's first line: "#!INTERPRETER [ARGUMENT]". Cuts it in place.
long parse_line(char* line, long size, const char*& interpreter, const char*& argument) {
  line[size] = '\0';
  char* end = line;
  while (*end != '\0' && *end != '\n') ++end;
  const bool whole = *end == '\n' || size < kLineSize - 1;
  *end = '\0';
  char* at = line + 2;
  while (is_blank(*at)) ++at;
  interpreter = at;
  while (*at != '\0' && !is_blank(*at)) ++at;
  // A name that goes on beyond what was read is not a name.
  if (interpreter == at || (at == end && !whole)) return -ENOEXEC;
  argument = nullptr;
  if (*at == '\0') return 0;
  *at++ = '\0';
  while (is_blank(*at)) ++at;
  while (end > at && is_blank(end[-1])) --end;
  *end = '\0';
  if (*at != '\0') argument = at;
  return 0;
}

void put_first(Script& script, const char* text) {
  for (int i = script.count; i > 0; --i) script.arguments[i] = script.arguments[i - 1];
  script.arguments[0] = text;
  ++script.count;
}

}  // namespace

long open_program(int directory, const char* path, int flags, Program& program) {
  Node node;
  if (const long error = open_node(directory, path, flags, node); error != 0) return error;
  if (S_ISLNK(node.file.st_mode)) return -ELOOP;
  if (!S_ISREG(node.file.st_mode)) return -EACCES;
  program.file = node.file;
  show(program.file);
  if (!S_ISREG(program.file.st_mode)) return -EACCES;
  if (const long error = check_executable(node, program.file); error != 0) return error;
  if (tree_path(node.fd.get(), program.path) != 0) program.path[0] = '\0';
  // The next program finds it open: it may have no path, or may not be readable by whom it will be.
  const DescriptorPath link(node.fd.get());
  program.fd.set(sys(SYS_openat, AT_FDCWD, link.text, O_RDONLY), true);
  return program.fd.get() < 0 ? program.fd.get() : 0;
}

long read_headers(int fd, Headers& headers) {
  const long size = sys(SYS_pread64, fd, &headers.file, sizeof headers.file, 0);
  const Elf64_Ehdr& file = headers.file;
  if (size != sizeof file || memcmp(file.e_ident, ELFMAG, SELFMAG) != 0) return -ENOEXEC;
  if (file.e_ident[EI_CLASS] != ELFCLASS64 || file.e_machine != kMachine) return -ENOEXEC;
  if (file.e_type != ET_EXEC && file.e_type != ET_DYN) return -ENOEXEC;
  if (file.e_phentsize != sizeof(Elf64_Phdr) || file.e_phnum == 0 || file.e_phnum > kMaxHeaders)
    return -ENOEXEC;
  const auto wanted = static_cast<long>(file.e_phnum * sizeof(Elf64_Phdr));
  return sys(SYS_pread64, fd, headers.raw.get(), wanted, file.e_phoff) == wanted ? 0 : -ENOEXEC;
}

long read_interpreter(int fd, const Headers& headers, char* path) {
  path[0] = '\0';
  for (int i = 0; i < headers.file.e_phnum; ++i) {
    const Elf64_Phdr& segment = *headers.segment(i);
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_filesz < 2 || segment.p_filesz > kPathSize) return -ENOEXEC;
    const auto size = static_cast<long>(segment.p_filesz);
    if (sys(SYS_pread64, fd, path, size, segment.p_offset) != size) return -EIO;
    return path[size - 1] == '\0' ? 0 : -ENOEXEC;
  }
  return 0;
}

long follow_scripts(Program& program, Script& script) {
  const char* name = script.name;
  for (int depth = 0;; ++depth) {
    char* line = script.lines + depth * kLineSize;
    const long size = sys(SYS_pread64, program.fd.get(), line, kLineSize - 1, 0);
    if (size < 2 || line[0] != '#' || line[1] != '!') return 0;
    if (depth == kMaxDepth) return -ELOOP;
    const char* interpreter = nullptr;
    const char* argument = nullptr;
    if (const long error = parse_line(line, size, interpreter, argument); error != 0) return error;
    if (depth == 0) put_first(script, name);
    if (argument != nullptr) put_first(script, argument);
    put_first(script, interpreter);
    program.fd.reset();
    if (const long error = open_program(AT_FDCWD, interpreter, 0, program); error != 0) return error;
  }
}

}  // namespace cooper::sandbox::stub
