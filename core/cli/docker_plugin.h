// cooper as a plugin of the docker command: called as docker-cooper or docker-buildx.
//
// docker asks each program in its cli-plugins directories what it is ("docker-cli-plugin-metadata"), and then
// calls it with its own whole command line: `docker --config d buildx build .` becomes
// `docker-buildx --config d buildx build .`. docker/cli, cli-plugins/manager; the same from 19.03 to 28.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/environment.h"
#include "os/fd.h"

namespace cooper::cli {

struct DockerCall {
  std::vector<std::string> arguments;  // cooper's own, without the program's name
  Environment environment;             // with docker's --config in its place
  std::optional<std::string> answer;   // then this is printed, and nothing else happens
};

// What is asked for. `arguments`: argv. Of a program that is called neither name they pass as they are.
DockerCall read_docker_call(const std::vector<std::string>& arguments, const Environment& environment);

// docker tells its plugins to end by closing a socket, where the terminal does not (docker 25 and later). The
// kernel is asked to make a SIGTERM of that, for as long as the result lives; it is none where docker names
// no socket.
os::Fd follow_docker(const Environment& environment);

}  // namespace cooper::cli
