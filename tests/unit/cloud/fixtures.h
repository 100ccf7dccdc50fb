// What the tests of this module share: a context on a scripted client, with a clock that they set.
#pragma once

#include <memory>
#include <string>

#include "cloud/context.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/scripted_http.h"

namespace cooper::cloud {

struct TestCloud {
  std::shared_ptr<testing::ScriptedHttp> http = std::make_shared<testing::ScriptedHttp>();
  std::shared_ptr<TimePoint> now =
      std::make_shared<TimePoint>(parse_timestamp("2024-01-01T00:00:00Z").value());
  os::TempDir home{"/tmp"};
  std::map<std::string, std::string> environment;

  CloudContext context() const {
    CloudContext context;
    context.http = http;
    context.environment = environment;
    context.retry = {2, std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
    context.now = [now = now] { return *now; };
    return context;
  }
  std::string file(const std::string& name, const std::string& text) const {
    os::write_file_atomically(home.path() + "/" + name, text);
    return home.path() + "/" + name;
  }
};

}  // namespace cooper::cloud
