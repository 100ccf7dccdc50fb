#include "sandbox/emulation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fcntl.h>
#include <stop_token>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/process.h"

namespace cooper::sandbox {
namespace {

struct Machine {
  std::string_view name;
  std::uint16_t elf_machine;
  bool is_64_bit;
  bool big_endian;
  std::uint32_t flags;         // e_flags
  std::string_view exit_code;  // machine code: exit(0)
};

using std::string_view_literals::operator""sv;

constexpr std::array<Machine, 9> kMachines = {{
    // xor edi,edi; mov eax,60; syscall
    {"amd64", 62, true, false, 0, "\x31\xff\xb8\x3c\x00\x00\x00\x0f\x05"sv},
    // xor ebx,ebx; mov eax,1; int 0x80
    {"386", 3, false, false, 0, "\x31\xdb\xb8\x01\x00\x00\x00\xcd\x80"sv},
    // mov x8,#93; mov x0,#0; svc #0
    {"arm64", 183, true, false, 0, "\xa8\x0b\x80\xd2\x00\x00\x80\xd2\x01\x00\x00\xd4"sv},
    // mov r7,#1; mov r0,#0; svc #0; EABI version 5
    {"arm", 40, false, false, 0x05000000, "\x01\x70\xa0\xe3\x00\x00\xa0\xe3\x00\x00\x00\xef"sv},
    // li a7,93; li a0,0; ecall
    {"riscv64", 243, true, false, 0, "\x93\x08\xd0\x05\x13\x05\x00\x00\x73\x00\x00\x00"sv},
    // li r0,1; li r3,0; sc; ELF version 2 ABI
    {"ppc64le", 21, true, false, 2, "\x01\x00\x00\x38\x00\x00\x60\x38\x02\x00\x00\x44"sv},
    // lghi %r1,1; lghi %r2,0; svc 0
    {"s390x", 22, true, true, 0, "\xa7\x19\x00\x01\xa7\x29\x00\x00\x0a\x00"sv},
    // li v0,5058; li a0,0; syscall; MIPS64 release 2
    {"mips64le", 8, true, false, 0x80000000, "\xc2\x13\x02\x24\x00\x00\x04\x24\x0c\x00\x00\x00"sv},
    // addi.w $a7,$zero,93; addi.w $a0,$zero,0; syscall 0; double-float ABI, object file version 1
    {"loong64", 258, true, false, 0x43, "\x0b\x74\x81\x02\x04\x00\x80\x02\x00\x00\x2b\x00"sv},
}};

const Machine* find_machine(std::string_view name) {
  const auto* found = std::find_if(kMachines.begin(), kMachines.end(),
                                   [&](const Machine& machine) { return machine.name == name; });
  return found == kMachines.end() ? nullptr : found;
}

// Numbers in the byte order and width of one machine.
class ElfWriter {
 public:
  explicit ElfWriter(const Machine& machine) : machine_(machine) {}

  void half(std::uint64_t value) { number(value, 2); }
  void word(std::uint64_t value) { number(value, 4); }
  void address(std::uint64_t value) { number(value, machine_.is_64_bit ? 8 : 4); }
  void bytes(std::string_view text) { text_ += text; }
  std::string take() { return std::move(text_); }

 private:
  void number(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) {
      int shift = 8 * (machine_.big_endian ? width - 1 - i : i);
      text_ += static_cast<char>(value >> shift);
    }
  }

  const Machine& machine_;
  std::string text_;
};

}  // namespace

std::string exit_program(std::string_view architecture) {
  const Machine* machine = find_machine(architecture);
  if (machine == nullptr) return {};
  constexpr std::uint64_t kAddress = 0x400000;
  constexpr std::uint64_t kPage = 0x10000;  // the largest that any of them has
  std::uint64_t header = machine->is_64_bit ? 64 : 52;
  std::uint64_t segment = machine->is_64_bit ? 56 : 32;
  std::uint64_t code = header + segment;
  std::uint64_t size = code + machine->exit_code.size();
  ElfWriter out(*machine);
  out.bytes(
      "\x7f"
      "ELF");
  out.bytes(machine->is_64_bit ? "\x02"sv : "\x01"sv);
  out.bytes(machine->big_endian ? "\x02"sv : "\x01"sv);
  out.bytes("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv);
  out.half(2);  // ET_EXEC
  out.half(machine->elf_machine);
  out.word(1);
  out.address(kAddress + code);  // entry
  out.address(header);           // program headers
  out.address(0);                // section headers
  out.word(machine->flags);
  out.half(header);
  out.half(segment);
  out.half(1);
  out.half(0);
  out.half(0);
  out.half(0);
  // One segment with everything, readable and executable.
  out.word(1);                          // PT_LOAD
  if (machine->is_64_bit) out.word(5);  // the flags stand in different places
  out.address(0);
  out.address(kAddress);
  out.address(kAddress);
  out.address(size);
  out.address(size);
  if (!machine->is_64_bit) out.word(5);
  out.address(kPage);
  out.bytes(machine->exit_code);
  return out.take();
}

std::vector<std::string> known_architectures() {
  std::vector<std::string> names;
  for (const Machine& machine : kMachines) names.emplace_back(machine.name);
  return names;
}

bool can_execute(std::string_view architecture, const std::string& directory) {
  std::string program = exit_program(architecture);
  if (program.empty()) return false;
  os::TempDir place(directory, "probe-");
  std::string path = place.path() + "/exit";
  {
    os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
    os::FdSink(file.get(), path).write(std::as_bytes(std::span(program)));
  }
  os::ProcessOptions options;
  options.argv = {path};
  options.timeout = std::chrono::seconds(30);
  try {
    return os::run_process(options, {}).exit_code == 0;
  } catch (const base::Error&) {
    return false;  // the kernel knows no way to start it
  }
}

}  // namespace cooper::sandbox
