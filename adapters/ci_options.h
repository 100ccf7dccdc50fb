// Between the flags of `cooper build` and options with their origin, in both directions. The flags themselves
// are declared in one place, cli/build_flags.
#pragma once

#include <string>
#include <vector>

#include "adapters/option.h"
#include "adapters/variables.h"
#include "cli/build_flags.h"

namespace cooper::adapters {

// What the command line says. Throws Error{kUsage} for a flag that there is not.
std::vector<Option> options_of_arguments(const std::vector<std::string>& arguments);
// COOPER_TAG, COOPER_BUILD_ARG, …: one for every flag; those that repeat take a value a line, or a JSON
// array.
std::vector<Option> options_of_environment(const Variables& variables);
// The values of a variable that is a list.
std::vector<std::string> items_of_variable(const Variables& variables, const std::string& name);
// Throws Error{kUsage}, naming the origin, for a value that the flag does not take. Without a context it is
// `workspace`.
cli::BuildFlags flags_of_options(const std::vector<Option>& options, const std::string& workspace);

}  // namespace cooper::adapters
