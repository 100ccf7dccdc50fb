// A stand-in for ssh that runs the remote command on this machine, so that "ssh://git@host/path" is a local
// path.
#pragma once

#include <string>

namespace cooper::support {

// Writes it into `directory`; returns the program's path. It appends its arguments to <program>.log.
std::string make_fake_ssh(const std::string& directory);

}  // namespace cooper::support
