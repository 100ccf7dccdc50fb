#include "cli/docker_plugin.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/json_text.h"
#include "cli/version.h"

namespace cooper::cli {

namespace {

using Arguments = std::vector<std::string>;

constexpr std::string_view kPrefix = "docker-";
// docker's flags before the plugin's name that have a value.
constexpr std::array<std::string_view, 10> kWithValue = {"--config",  "--context",   "-c", "--host",
                                                         "-H",        "--log-level", "-l", "--tlscacert",
                                                         "--tlscert", "--tlskey"};

// "cooper" or "buildx"; "" for cooper itself.
std::string plugin_name(const std::string& program) {
  const std::string file = program.substr(program.rfind('/') + 1);
  if (file == "docker-cooper" || file == "docker-buildx") return file.substr(kPrefix.size());
  return "";
}

std::string metadata(const std::string& plugin) {
  const Json json{{"SchemaVersion", "0.1.0"},
                  {"Vendor", "Cooper"},
                  {"Version", kVersionNumber},
                  {"ShortDescription", plugin == "buildx" ? "Builds and images by cooper, without a daemon"
                                                          : "Builds container images without a daemon"},
                  {"URL", "https://cooper.example/docs/docker-plugin"}};
  return json_text(json) + "\n";
}

// Takes docker's own flags from the front; what --config says goes into the environment.
void take_docker_flags(Arguments& arguments, std::map<std::string, std::string>& variables) {
  auto next = arguments.begin();
  while (next != arguments.end() && next->size() > 1 && next->front() == '-' && *next != "--help" &&
         *next != "-h" && *next != "--version") {
    std::string flag = *next++;
    std::string value;
    const std::size_t equals = flag.find('=');
    if (equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    } else if (std::find(kWithValue.begin(), kWithValue.end(), flag) != kWithValue.end()) {
      if (next == arguments.end()) break;
      value = *next++;
    }
    if (flag == "--config") variables["DOCKER_CONFIG"] = value;
  }
  arguments.erase(arguments.begin(), next);
}

// `docker help buildx` and `docker buildx help` are what --help is.
void put_help_last(Arguments& arguments) {
  if (arguments.empty() || arguments.front() != "help") return;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
}

}  // namespace

DockerCall read_docker_call(const Arguments& arguments, const Environment& environment) {
  Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  const std::string plugin = arguments.empty() ? "" : plugin_name(arguments.front());
  if (plugin.empty()) return {std::move(rest), environment, {}};
  if (!rest.empty() && rest.front() == "docker-cli-plugin-metadata")
    return {{}, environment, metadata(plugin)};
  // Completion: ":0" says that there is nothing to offer.
  if (!rest.empty() && rest.front().starts_with("__complete")) return {{}, environment, ":0\n"};
  std::map<std::string, std::string> variables = environment.variables();
  put_help_last(rest);
  take_docker_flags(rest, variables);
  // People call the program by itself, too, as buildx may be.
  if (!rest.empty() && rest.front() == plugin) rest.erase(rest.begin());
  take_docker_flags(rest, variables);
  put_help_last(rest);
  if (rest.empty()) rest.emplace_back("--help");
  if (plugin == "buildx") rest.insert(rest.begin(), "buildx");
  if (plugin == "cooper" && rest.front() == "version") rest.front() = "--version";
  return {std::move(rest), Environment(std::move(variables)), {}};
}

os::Fd follow_docker(const Environment& environment) {
  const std::string name = environment.get("DOCKER_CLI_PLUGIN_SOCKET");
  sockaddr_un address{};
  if (name.empty() || name.size() >= sizeof address.sun_path) return {};
  os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  // A name of its own space, which no file has, begins with a zero byte and has no end but its length.
  if (name.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  // A docker that is gone already cannot say anything more: then its signals are all there is.
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return {};
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (::fcntl(socket.get(), F_SETOWN, ::getpid()) != 0 || ::fcntl(socket.get(), F_SETSIG, SIGTERM) != 0 ||
      ::fcntl(socket.get(), F_SETFL, flags | O_ASYNC) != 0) {
    return {};
  }
  return socket;
}

}  // namespace cooper::cli
