#include "context/program.h"

#include <utility>

namespace cooper::context {
namespace {

void append_literal(Program& program, std::string_view text) {
  while (!text.empty()) {
    const Rune rune = decode_exact_rune(text);
    text.remove_prefix(rune.width);
    RuneSet set;
    set.add(rune.value, rune.value);
    program.items.push_back({Op::kSet, std::move(set)});
  }
}

void append_anything(Program& program) {
  RuneSet all;
  all.add(0, kLastInvalidByte);
  program.items.push_back({Op::kStar, std::move(all)});
}

}  // namespace

Program exact_program(std::string_view text) {
  Program program;
  append_literal(program, text);
  program.items.push_back({Op::kEnd, {}});
  return program;
}

Program prefix_program(std::string_view text) {
  Program program;
  append_literal(program, text);
  return program;
}

Program suffix_program(std::string_view text) {
  Program program;
  append_anything(program);
  append_literal(program, text);
  program.items.push_back({Op::kEnd, {}});
  if (text.starts_with('/')) program.second_start = 2;
  return program;
}

}  // namespace cooper::context
