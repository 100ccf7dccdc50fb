#include "support/fake_ssh.h"

#include "os/fd.h"

namespace cooper::support {

std::string make_fake_ssh(const std::string& directory) {
  std::string program = directory + "/ssh";
  os::write_file_atomically(program,
                            "#!/bin/sh\n"
                            "echo \"$SSH_AUTH_SOCK: $*\" >>\"$0.log\"\n"
                            "for last; do :; done\n"
                            "exec /bin/sh -c \"$last\"\n",
                            0755);
  return program;
}

}  // namespace cooper::support
