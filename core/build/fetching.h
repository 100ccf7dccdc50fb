// What a build fetches besides images: URLs and git repositories, with the request's secrets for their hosts.
#pragma once

#include <stop_token>

#include "build/key_agent.h"
#include "build/request.h"
#include "build/toolbox.h"
#include "ops/git_source.h"
#include "ops/http_source.h"

namespace cooper::build {

// Borrows its arguments.
struct Fetching {
  // `agents`: for git over ssh.
  Fetching(const BuildRequest& request, Toolbox& tools, SshAgents& agents, const std::stop_token& stop);

  // Who serves `op`; null for what is not fetched.
  ops::RemoteSource* source_of(const graph::Op& op);

  ops::HttpSources http;
  ops::GitSources git;
};

// One line for people, as a warning of the build.
void warn(Toolbox& tools, const std::string& text);

}  // namespace cooper::build
