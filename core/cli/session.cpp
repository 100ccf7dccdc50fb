#include "cli/session.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/error.h"
#include "cli/network.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::cli {
namespace {

snapshot::Form form_of(sandbox::Tier tier) {
  switch (tier) {
    case sandbox::Tier::kPrivileged:
      return snapshot::Form::kReal;
    case sandbox::Tier::kUserNamespace:
      return snapshot::Form::kMapped;
    case sandbox::Tier::kSingleIdUserNamespace:
      return snapshot::Form::kOwn;
    case sandbox::Tier::kNone:
      return ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn;
  }
  return snapshot::Form::kOwn;
}

}  // namespace

// One thread waits for signals; all others have them blocked.
class Session::Signals {
 public:
  Signals() : wake_(::eventfd(0, EFD_CLOEXEC)) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = os::Fd(::signalfd(-1, &set, SFD_CLOEXEC));
    base::check(signals_.get(), "wait for", "signals");
    thread_ = std::jthread([this] { wait(); });
  }
  ~Signals() {
    std::uint64_t one = 1;
    [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }

  std::stop_token token() const { return stop_.get_token(); }
  int last() const { return last_; }

 private:
  void wait() {
    std::array<pollfd, 2> ready = {pollfd{signals_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    while (true) {
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
      if ((ready[1].revents & POLLIN) != 0) return;
      signalfd_siginfo info{};
      if ((ready[0].revents & POLLIN) == 0 || ::read(signals_.get(), &info, sizeof info) != sizeof info)
        continue;
      // The user insists: the launcher sees our end and takes the steps with it.
      if (last_ != 0) ::_exit(128 + static_cast<int>(info.ssi_signo));
      last_ = static_cast<int>(info.ssi_signo);
      stop_.request_stop();
    }
  }

  os::Fd signals_;
  os::Fd wake_;
  std::stop_source stop_;
  std::atomic<int> last_ = 0;
  std::jthread thread_;
};

Session::Session(const Environment& environment, const std::string& store, const std::string& isolation)
    : environment_(environment), store_(store) {
  os::make_directories(store_, 0700);
  probe_ = sandbox::probe_named(isolation, store_);
  sandbox::enter(probe_.tier);
  if (probe_.tier != sandbox::Tier::kNone) launcher_ = sandbox::Launcher::start(probe_.tier);
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
  tools.form = form_of(probe_.tier);
  tools.launcher = launcher_.get();
  if (launcher_ == nullptr) tools.no_launcher_reason = probe_.reason;
  Network network = open_network(environment_, registry, [&events](const std::string& line) {
    base::Event event;
    event.kind = base::Event::Kind::kWarning;
    event.text = line;
    events.emit(std::move(event));
  });
  tools.http = network.http;
  tools.registry = network.client();
  tools.cache_registry = network.cache_client();
  tools.environment = environment_.variables();
  tools.events = &events;
  return tools;
}

}  // namespace cooper::cli
