// What all rows of one run share: a registry on loopback with the base images, and the program under test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "files.h"
#include "os/process.h"
#include "support/docker_registry.h"

namespace cooper::conformance {

class Workshop {
 public:
  // Starts the registry and pushes the base images, made by the program itself.
  Workshop();
  // Why rows cannot run here, "" when they can.
  static std::string unavailable();

  // Runs `cooper` with these arguments; proxies and other settings of the caller do not reach it.
  os::ProcessResult run(const std::vector<std::string>& arguments) const;
  // Runs a line of shell in a directory (git, for fixtures).
  os::ProcessResult shell(const std::string& line, const std::string& directory) const;

  std::string registry() const { return registry_.host(); }
  // Base image name → what --build-context calls it.
  std::vector<std::pair<std::string, std::string>> bases() const;
  const std::string& directory() const { return directory_.path(); }

 private:
  void make_base(const std::string& name);
  std::vector<std::string> environment() const;

  ScratchDirectory directory_{"conformance"};
  testing::DockerRegistry registry_;
};

}  // namespace cooper::conformance
