// Answers a FakeServer's requests as git's own smart HTTP server does.
#pragma once

#include <string>

#include "support/fake_server.h"

namespace cooper::support {

// Serves the repositories beneath `root` through git-http-backend(1): "/x/.git/info/refs?…" is <root>/x/.git.
testing::FakeReply serve_git(const std::string& root, const testing::FakeRequest& request);

}  // namespace cooper::support
