#include "sandbox/stub/loader.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>

#include "sandbox/stub/program.h"
#include "sandbox/stub/report.h"

namespace cooper::sandbox::stub {
namespace {

constexpr std::uint64_t kPage = 4096;
// Where the kernel puts programs that may be anywhere.
constexpr std::uint64_t kUsualBase = 0x555555554000;

constexpr std::uint64_t page_down(std::uint64_t value) {
  return value & ~(kPage - 1);
}
constexpr std::uint64_t page_up(std::uint64_t value) {
  return page_down(value + kPage - 1);
}

struct Image {
  std::uint64_t bias = 0;
  std::uint64_t entry = 0;
  std::uint64_t headers = 0;  // where the program headers are in memory
  std::uint64_t count = 0;
  std::uint64_t start_code = ~0ULL, end_code = 0, start_data = 0, end_data = 0;
};

struct Span {
  std::uint64_t low = ~0ULL;
  std::uint64_t high = 0;
  std::uint64_t alignment = kPage;
};

Span span_of(const Headers& headers) {
  Span span;
  for (int i = 0; i < headers.file.e_phnum; ++i) {
    const Elf64_Phdr& segment = *headers.segment(i);
    if (segment.p_type != PT_LOAD) continue;
    if (page_down(segment.p_vaddr) < span.low) span.low = page_down(segment.p_vaddr);
    const std::uint64_t end = page_up(segment.p_vaddr + segment.p_memsz);
    if (end > span.high) span.high = end;
    const bool power = (segment.p_align & (segment.p_align - 1)) == 0;
    if (power && segment.p_align > span.alignment) span.alignment = segment.p_align;
  }
  return span;
}

long map(std::uint64_t address, std::uint64_t size, int protection, int flags, int fd, std::uint64_t offset) {
  return sys(SYS_mmap, address, size, protection, flags, fd, offset);
}

// Room for a program that may be anywhere; gives what its addresses are off by.
std::uint64_t reserve(const Span& span, std::uint64_t wish, const char* path) {
  const std::uint64_t size = span.high - span.low + span.alignment;
  const long room = map(wish, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (is_error(room)) die("no room for", path);
  const auto start = static_cast<std::uint64_t>(room);
  const std::uint64_t base = (start + span.alignment - 1) & ~(span.alignment - 1);
  if (base > start) sys(SYS_munmap, start, base - start);
  const std::uint64_t end = base + (span.high - span.low);
  if (start + size > end) sys(SYS_munmap, end, start + size - end);
  return base - span.low;
}

void map_segment(const Elf64_Phdr& segment, std::uint64_t bias, int fd, bool fixed, const char* path) {
  const int protection = ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) |
                         ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                         ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
  const std::uint64_t start = page_down(segment.p_vaddr + bias);
  const std::uint64_t file_end = segment.p_vaddr + bias + segment.p_filesz;
  const std::uint64_t memory_end = segment.p_vaddr + bias + segment.p_memsz;
  // A program that wants a fixed place must not be put over the stub or the board.
  const int where = MAP_PRIVATE | (fixed ? MAP_FIXED_NOREPLACE : MAP_FIXED);
  std::uint64_t mapped = start;
  if (segment.p_filesz != 0) {
    if (is_error(map(start, file_end - start, protection, where, fd, page_down(segment.p_offset)))) {
      die("cannot map", path);
    }
    mapped = page_up(file_end);
  }
  if (memory_end <= file_end) return;
  // The whole rest of the page: dynamic linkers allocate from what is behind their data.
  if (segment.p_filesz != 0 && (protection & PROT_WRITE) != 0) {
    memset(at_address<void>(file_end), 0, mapped - file_end);
  }
  if (page_up(memory_end) > mapped &&
      is_error(map(mapped, page_up(memory_end) - mapped, protection, where | MAP_ANONYMOUS, -1, 0))) {
    die("cannot map", path);
  }
}

void note_areas(const Elf64_Phdr& segment, std::uint64_t bias, Image& image) {
  const std::uint64_t start = segment.p_vaddr + bias;
  const std::uint64_t end = start + segment.p_filesz;
  if (start < image.start_code) image.start_code = start;
  if ((segment.p_flags & PF_X) != 0 && end > image.end_code) image.end_code = end;
  if (start > image.start_data) image.start_data = start;
  if (end > image.end_data) image.end_data = end;
}

void load(int fd, const Headers& headers, std::uint64_t wish, const char* path, Image& image) {
  const Span span = span_of(headers);
  if (span.high <= span.low) die("nothing to load in", path);
  const bool fixed = headers.file.e_type == ET_EXEC;
  if (!fixed) image.bias = reserve(span, wish, path);
  image.entry = headers.file.e_entry + image.bias;
  image.count = headers.file.e_phnum;
  const std::uint64_t offset = headers.file.e_phoff;
  for (int i = 0; i < headers.file.e_phnum; ++i) {
    const Elf64_Phdr& segment = *headers.segment(i);
    if (segment.p_type == PT_PHDR) image.headers = segment.p_vaddr + image.bias;
    if (segment.p_type != PT_LOAD) continue;
    map_segment(segment, image.bias, fd, fixed, path);
    note_areas(segment, image.bias, image);
    const bool here = offset >= segment.p_offset && offset < segment.p_offset + segment.p_filesz;
    if (here && image.headers == 0) image.headers = image.bias + segment.p_vaddr + offset - segment.p_offset;
  }
}

void load_interpreter(const Headers& program, int fd, Image& image, std::uint64_t wish) {
  PathBuffer path;
  if (read_interpreter(fd, program, path) != 0 || path[0] == '\0') return;
  Program interpreter;
  Headers headers;
  if (open_program(AT_FDCWD, path, 0, interpreter) != 0) die("cannot open", path);
  if (read_headers(interpreter.fd.get(), headers) != 0) die("not a program:", path);
  load(interpreter.fd.get(), headers, wish, path, image);
}

// Some old programs run code on their stack, and say so.
void allow_code_on_stack(const Headers& headers, const long* stack) {
  for (int i = 0; i < headers.file.e_phnum; ++i) {
    const Elf64_Phdr& segment = *headers.segment(i);
    if (segment.p_type != PT_GNU_STACK || (segment.p_flags & PF_X) == 0) continue;
    sys(SYS_mprotect, page_down(reinterpret_cast<std::uint64_t>(stack)), kPage,
        PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
  }
}

struct Vector {
  std::uint64_t type;
  std::uint64_t value;
};

void fill_vector(Vector* vector, const Image& program, const Image& interpreter, const char* name,
                 const Handover& handover) {
  const Credentials& who = handover.identity.credentials;
  for (; vector->type != AT_NULL; ++vector) {
    switch (vector->type) {
      case AT_PHDR:
        vector->value = program.headers;
        break;
      case AT_PHNUM:
        vector->value = program.count;
        break;
      case AT_BASE:
        vector->value = interpreter.bias;
        break;
      case AT_ENTRY:
        vector->value = program.entry;
        break;
      case AT_EXECFN:
        vector->value = reinterpret_cast<std::uint64_t>(name);
        break;
      // A stack for signals has to take the trap's frame and handler beside the program's own.
      case AT_MINSIGSTKSZ:
        vector->value = vector->value * 2 + 4096;
        break;
      default:
        break;
    }
    if (!table_owners()) continue;
    switch (vector->type) {
      case AT_UID:
        vector->value = who.uid.real;
        break;
      case AT_EUID:
        vector->value = who.uid.effective;
        break;
      case AT_GID:
        vector->value = who.gid.real;
        break;
      case AT_EGID:
        vector->value = who.gid.effective;
        break;
      case AT_SECURE:
        vector->value = handover.secure ? 1 : 0;
        break;
      default:
        break;
    }
  }
}

// So that /proc/self/cmdline and ps show the program's arguments, and not the stub's. Not every kernel can.
void show_arguments(char** arguments, char** environment, const Image& image, const Vector* vector) {
  const auto address = [](const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); };
  char** last = environment;
  const char* end = nullptr;
  for (char** text = arguments; *text != nullptr; ++text) end = *text + strlen(*text) + 1;
  const char* environment_end = end;
  for (; *last != nullptr; ++last) environment_end = *last + strlen(*last) + 1;
  const auto brk = static_cast<std::uint64_t>(sys(SYS_brk, 0));
  struct prctl_mm_map map {};
  map.start_code = image.start_code;
  map.end_code = image.end_code;
  map.start_data = image.start_data;
  map.end_data = image.end_data;
  map.start_brk = map.brk = brk;
  map.start_stack = address(arguments);
  map.arg_start = address(arguments[0]);
  map.arg_end = map.env_start = address(end);
  map.env_end = address(environment_end);
  std::size_t count = 1;
  while (vector[count - 1].type != AT_NULL) ++count;
  map.auxv = reinterpret_cast<decltype(map.auxv)>(const_cast<Vector*>(vector));
  map.auxv_size = static_cast<std::uint32_t>(count * sizeof(Vector));
  map.exe_fd = ~0U;
  sys(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

// The kernel's own choice of places is random; so is this.
std::uint64_t random_pages(const Vector* vector) {
  for (; vector->type != AT_NULL; ++vector) {
    if (vector->type != AT_RANDOM) continue;
    std::uint32_t random = 0;
    memcpy(&random, at_address<const void>(vector->value), sizeof random);
    return std::uint64_t{random & 0xffffff} * kPage;
  }
  return 0;
}

}  // namespace

void run_program(long* stack, const Handover& handover) {
  const long count = stack[0] - kPrivateArguments;
  char** own = reinterpret_cast<char**>(stack + 1);
  char** arguments = own + kPrivateArguments;
  char** environment = arguments + count + 1;
  char** end = environment;
  while (*end != nullptr) ++end;
  auto* vector = reinterpret_cast<Vector*>(end + 1);
  const char* name = own[kPrivateArguments - 1];

  Writer(program_path(), kPathSize).add(own[4]);
  sys(SYS_prctl, PR_SET_NAME, last_component(name));
  Image program;
  Image interpreter;
  {
    const Descriptor file(handover.program_fd);
    Headers headers;
    if (read_headers(file.get(), headers) != 0) die("not a program:", name);
    load(file.get(), headers, kUsualBase + random_pages(vector), name, program);
    load_interpreter(headers, file.get(), interpreter, 0);
    allow_code_on_stack(headers, stack);
    map(kMarkerAddress, kPage, PROT_NONE, MAP_PRIVATE | MAP_FIXED, file.get(), 0);
  }
  fill_vector(vector, program, interpreter, name, handover);
  show_arguments(arguments, environment, program, vector);
  long* start = stack + kPrivateArguments;
  start[0] = count;
  enter(start, interpreter.entry != 0 ? interpreter.entry : program.entry);
}

}  // namespace cooper::sandbox::stub
