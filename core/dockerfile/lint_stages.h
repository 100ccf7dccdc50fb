// Lint rules that look at stages, their names, bases and platforms.
#pragma once

#include "dockerfile/environment.h"
#include "dockerfile/instruction.h"
#include "dockerfile/lint.h"
#include "dockerfile/shell_word.h"
#include "oci/platform.h"

namespace cooper::dockerfile {

void lint_stage_names(const Program& program, Linter& linter);
void lint_casing(const Program& program, Linter& linter);
// Base names must stay valid when no build argument is given; `defaults` holds the global ARGs' defaults.
void lint_default_bases(const Program& program, const Environment& defaults, const WordOptions& options,
                        Linter& linter);
void lint_undefined_in_from(const WordResult& word, const std::set<std::string>& declared, Lines lines,
                            Linter& linter);
void lint_platform(const std::string& written, const std::string& stage_name, const WordResult& word,
                   const Environment& global_args, Lines lines, Linter& linter);
void lint_base_platform(const std::string& name, const oci::Platform& expected, const oci::Platform& actual,
                        Lines lines, Linter& linter);

}  // namespace cooper::dockerfile
