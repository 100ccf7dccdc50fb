// The composition root.
#include "cli/run.h"

int main(int argc, char** argv) {
  return cooper::cli::run(argc, argv);
}
