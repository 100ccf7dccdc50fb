#include "sandbox/launcher.h"

#include <cerrno>
#include <filesystem>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/error.h"
#include "sandbox/launcher_process.h"
#include "sandbox/messages.h"
#include "sandbox/network_files.h"
#include "sandbox/step.h"

namespace cooper::sandbox {

namespace {

// The init's current directory is another one by the time it looks at them.
void make_absolute(std::string& path) {
  // "" stays: no upper directory.
  if (!path.empty()) path = std::filesystem::absolute(path).string();
}

void make_sources_absolute(Spec& spec) {
  const auto overlay = [](auto& layers) {
    for (auto& path : layers.lower) make_absolute(path);
    make_absolute(layers.upper);
    make_absolute(layers.work);
  };
  if (auto* layers = std::get_if<OverlayRoot>(&spec.root)) overlay(*layers);
  if (auto* farm = std::get_if<FarmRoot>(&spec.root)) {
    make_absolute(farm->directory);
    make_absolute(farm->scratch);
  }
  for (auto& op : spec.mounts) {
    if (auto* bind = std::get_if<BindMount>(&op)) make_absolute(bind->source);
    if (auto* layers = std::get_if<OverlayMount>(&op)) overlay(*layers);
  }
}

Spec complete(const Spec& asked) {
  if (asked.argv.empty()) throw base::Error(base::ErrorKind::kUsage, "a step without a program");
  Spec spec = asked;
  make_sources_absolute(spec);
  const std::vector<MountOp> files = {FileMount{.target = "/etc/resolv.conf", .content = resolv_conf()},
                                      FileMount{.target = "/etc/hosts", .content = hosts_file(spec)}};
  spec.mounts.insert(spec.mounts.begin(), files.begin(), files.end());
  return spec;
}

void check_tier(const Spec& spec, Tier tier) {
  if (std::holds_alternative<FarmRoot>(spec.root) != has_stub(tier)) {
    throw base::Error(base::ErrorKind::kInternal,
                      fmt::format("a step's root is not one for isolation '{}'", tier_name(tier)));
  }
  if (spec.insecure && has_stub(tier)) {
    throw base::Error(
        base::ErrorKind::kUnsupported,
        fmt::format("cannot run a step with --security=insecure: isolation '{}' has no privileges "
                    "to give",
                    tier_name(tier)))
        .hint("run 'cooper doctor' to see what allows 'privileged' or 'userns' here");
  }
}

class ProcessLauncher final : public Launcher {
 public:
  ProcessLauncher(pid_t pid, os::Fd control, Tier tier)
      : pid_(pid), control_(std::move(control)), tier_(tier) {}
  ProcessLauncher(const ProcessLauncher&) = delete;
  ProcessLauncher& operator=(const ProcessLauncher&) = delete;

  ~ProcessLauncher() override {
    control_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  ExitStatus run(const Spec& spec, const std::function<void(int, base::ByteSpan)>& output,
                 const std::stop_token& stop) override {
    base::throw_if_stopped(stop);
    check_tier(spec, tier_);
    return Step(control_.get(), complete(spec)).run(output, stop);
  }

 private:
  pid_t pid_;
  os::Fd control_;
  Tier tier_;
};

}  // namespace

std::unique_ptr<Launcher> Launcher::start(Tier tier, os::Fd stub) {
  if (tier == Tier::kNone) {
    throw base::Error(base::ErrorKind::kUnsupported, "RUN is not possible on this machine")
        .hint("run 'cooper doctor' to see what is missing");
  }
  if (has_stub(tier)) {
    if (!stub.valid()) throw base::Error(base::ErrorKind::kInternal, "a launcher without a stub");
    base::check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "protect", "this process");
  }
  auto [ours, theirs] = make_socket_pair();
  const pid_t pid = base::check(::fork(), "start", "the sandbox launcher");
  if (pid == 0) {
    ours.reset();
    run_launcher(std::move(theirs), tier, std::move(stub));
  }
  return std::make_unique<ProcessLauncher>(pid, std::move(ours), tier);
}

}  // namespace cooper::sandbox
