#include "build/fetching.h"

#include "build/results.h"

namespace cooper::build {
namespace {

ops::HttpSourceOptions http_options(const BuildRequest& request, Toolbox& tools) {
  ops::HttpSourceOptions options;
  options.client = tools.http;
  options.store = tools.store;
  options.secret = [&request](const std::string& id) { return find_secret(request, id); };
  options.on_retry = [&tools](const std::string& text) { warn(tools, text); };
  return options;
}

ops::GitSourceOptions git_options(const BuildRequest& request, Toolbox& tools, SshAgents& agents,
                                  const std::stop_token& stop) {
  ops::GitSourceOptions options;
  options.access.http = tools.http;
  options.access.secret = [&request](const std::string& id) { return find_secret(request, id); };
  options.access.on_retry = [&tools](const std::string& text) { warn(tools, text); };
  options.access.ssh_agent = [&agents, stop] { return agents.socket_of("default", stop).value_or(""); };
  if (!request.known_hosts.empty()) options.access.known_hosts = {request.known_hosts};
  options.access.verify = request.verify_git;
  options.store = tools.store;
  options.warn = [&tools](const std::string& text) { warn(tools, text); };
  return options;
}

}  // namespace

void warn(Toolbox& tools, const std::string& text) {
  base::Event event;
  event.kind = base::Event::Kind::kWarning;
  event.text = text;
  tools.events->emit(std::move(event));
}

Fetching::Fetching(const BuildRequest& request, Toolbox& tools, SshAgents& agents,
                   const std::stop_token& stop)
    : http(http_options(request, tools)), git(git_options(request, tools, agents, stop)) {}

ops::RemoteSource* Fetching::source_of(const graph::Op& op) {
  if (std::holds_alternative<graph::HttpSource>(op)) return &http;
  if (std::holds_alternative<graph::GitSource>(op)) return &git;
  return nullptr;
}

}  // namespace cooper::build
