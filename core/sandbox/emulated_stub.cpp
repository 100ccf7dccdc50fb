#include "sandbox/emulated_stub.h"

namespace cooper::sandbox {

bool have_stub() {
  return false;
}

os::Fd open_stub(const std::string& work_directory) {
  (void)work_directory;
  return {};
}

}  // namespace cooper::sandbox
