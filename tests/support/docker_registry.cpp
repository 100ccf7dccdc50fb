#include "support/docker_registry.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace cooper::testing {

namespace {

constexpr const char* kProgram = "/usr/bin/docker-registry";
// bcrypt of "secret", at the lowest cost.
constexpr const char* kUsers = "ci:$2b$04$aSfsu4rrAiaYRGu0Eg4HDewHKWa3qiYPLJThPAn4Evzae9BnHf49.\n";

std::string make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cooper-registry-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a folder for docker-registry");
  return pattern;
}

void write_config(const std::string& folder, bool password) {
  std::ofstream config(folder + "/config.yml");
  config << "version: 0.1\n"
         << "storage:\n  filesystem:\n    rootdirectory: " << folder
         << "/data\n  delete:\n    enabled: true\n"
         << "http:\n  addr: 127.0.0.1:0\n  secret: test\n";
  if (!password) return;
  config << "auth:\n  htpasswd:\n    realm: test\n    path: " << folder << "/users\n";
  std::ofstream(folder + "/users") << kUsers;
}

}  // namespace

std::string DockerRegistry::unavailable() {
  return ::access(kProgram, X_OK) == 0 ? ""
                                       : "docker-registry is not installed (apt-get install docker-registry)";
}

DockerRegistry::DockerRegistry(Options options) : folder_(make_folder()) {
  write_config(folder_, options.password);
  std::array<int, 2> log{};
  if (::pipe2(log.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, log[1], 1);
  posix_spawn_file_actions_adddup2(&actions, log[1], 2);
  std::string config = folder_ + "/config.yml";
  std::array<char*, 4> arguments = {const_cast<char*>(kProgram), const_cast<char*>("serve"), config.data(),
                                    nullptr};
  int failed = ::posix_spawn(&pid_, kProgram, &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(log[1]);
  if (failed != 0) throw std::runtime_error("cannot start docker-registry");
  wait_until_listening(log[0]);
}

// With port 0 the kernel chooses a free one, and the log names it.
void DockerRegistry::wait_until_listening(int log) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    ssize_t length = ::read(log, buffer.data(), buffer.size());
    if (length <= 0) throw std::runtime_error("docker-registry ended early: " + text);
    text.append(buffer.data(), static_cast<std::size_t>(length));
    constexpr std::string_view kMark = "listening on 127.0.0.1:";
    std::size_t at = text.find(kMark);
    if (at == std::string::npos || text.find('"', at) == std::string::npos) continue;
    port_ = std::atoi(text.c_str() + at + kMark.size());
    break;
  }
  log_reader_ = std::thread([log] {
    std::array<char, 4096> rest;
    while (::read(log, rest.data(), rest.size()) > 0) {
    }
    ::close(log);
  });
}

DockerRegistry::~DockerRegistry() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  log_reader_.join();
  std::error_code ignored;  // a test's leftovers are no failure
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace cooper::testing
