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

}  // namespace

void warn(Toolbox& tools, const std::string& text) {
  base::Event event;
  event.kind = base::Event::Kind::kWarning;
  event.text = text;
  tools.events->emit(std::move(event));
}

Fetching::Fetching(const BuildRequest& request, Toolbox& tools) : http(http_options(request, tools)) {}

ops::RemoteSource* Fetching::source_of(const graph::Op& op) {
  return std::holds_alternative<graph::HttpSource>(op) ? &http : nullptr;
}

}  // namespace cooper::build
