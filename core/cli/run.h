// The command line: parses, sets up what builds need in the right order, and turns errors into messages and
// exit codes.
#pragma once

namespace cooper::cli {

// The process's exit code (docs/exit-codes.md). Single-threaded when called.
int run(int argc, char** argv);

}  // namespace cooper::cli
