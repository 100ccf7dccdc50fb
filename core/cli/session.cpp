#include "cli/session.h"

#include <unistd.h>

#include "base/error.h"
#include "cli/network.h"
#include "os/beneath.h"
#include "sandbox/stub_image.h"

namespace cooper::cli {
namespace {

snapshot::Form form_of(sandbox::Tier tier) {
  switch (tier) {
    case sandbox::Tier::kPrivileged:
    case sandbox::Tier::kEmulatedRoot:
      return snapshot::Form::kReal;
    case sandbox::Tier::kUserNamespace:
      return snapshot::Form::kMapped;
    case sandbox::Tier::kSingleIdUserNamespace:
    case sandbox::Tier::kEmulated:
      return snapshot::Form::kOwn;
    case sandbox::Tier::kNone:
      return ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn;
  }
  return snapshot::Form::kOwn;
}

void emit(base::EventSink& events, base::Event::Kind kind, const std::string& text) {
  base::Event event;
  event.kind = kind;
  event.text = text;
  events.emit(std::move(event));
}

std::unique_ptr<sandbox::Launcher> start_launcher(sandbox::Tier tier, const std::string& store) {
  return sandbox::Launcher::start(tier, sandbox::has_stub(tier) ? sandbox::open_stub(store) : os::Fd());
}

}  // namespace

Session::Session(const Environment& environment, const std::string& store, const std::string& isolation)
    : environment_(environment), store_(store) {
  os::make_directories(store_, 0700);
  probe_ = sandbox::probe_named(isolation, store_);
  sandbox::enter(probe_.tier);
  if (probe_.tier != sandbox::Tier::kNone) launcher_ = start_launcher(probe_.tier, store_);
  signals_ = std::make_unique<Signals>();
}

Session::~Session() = default;

std::stop_token Session::stop() const {
  return signals_->token();
}
int Session::stop_signal() const {
  return signals_->last();
}

build::Toolbox Session::open_tools(const RegistryFlags& registry, base::EventSink& events) {
  build::Toolbox tools;
  tools.store = store::Store::open(store_);
  tools.tier = probe_.tier;
  tools.form = form_of(probe_.tier);
  tools.launcher = launcher_.get();
  if (launcher_ == nullptr) tools.no_launcher_reason = probe_.reason;
  if (sandbox::is_emulated(probe_.tier)) {
    emit(events, base::Event::Kind::kNote,
         "isolation '" + std::string(sandbox::tier_name(probe_.tier)) + "': " + probe_.reason);
  }
  Network network = open_network(environment_, registry, [&events](const std::string& line) {
    emit(events, base::Event::Kind::kWarning, line);
  });
  tools.http = network.http;
  tools.registry = network.client();
  tools.cache_registry = network.cache_client();
  tools.environment = environment_.variables();
  tools.events = &events;
  return tools;
}

}  // namespace cooper::cli
