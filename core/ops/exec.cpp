#include "ops/exec.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "oci/image_config.h"
#include "oci/platform.h"
#include "ops/file.h"
#include "ops/results.h"
#include "ops/step_root.h"
#include "os/cgroup.h"
#include "sandbox/emulation.h"
#include "snapshot/accounts.h"
#include "snapshot/merged_view.h"

namespace cooper::ops {
namespace {

constexpr int kCannotExecute = 126;  // as a shell says it

void require_launcher(const Services& services) {
  if (services.launcher != nullptr) return;
  throw base::Error(base::ErrorKind::kUnsupported, "cannot run steps here: " + services.no_launcher_reason)
      .hint("see 'cooper doctor' for what would allow it; Dockerfiles without RUN build anywhere");
}

void set_default(std::vector<std::string>& env, std::string_view name, const std::string& value) {
  if (oci::find_env(env, name) == nullptr) env.push_back(fmt::format("{}={}", name, value));
}

sandbox::Spec describe_step(const graph::Exec& op, const snapshot::Account& account) {
  sandbox::Spec spec;
  spec.argv = op.argv;
  spec.env = op.env;
  for (const std::string& variable : op.proxy_env) spec.env.push_back(variable);
  set_default(spec.env, "HOME", account.home);
  spec.cwd = op.cwd;
  spec.uid = account.uid;
  spec.gid = account.gid;
  spec.groups = account.groups;
  spec.network =
      op.network == graph::Exec::Network::kNone ? sandbox::Network::kNone : sandbox::Network::kHost;
  if (!op.hostname.empty()) spec.hostname = op.hostname;
  spec.extra_hosts = op.extra_hosts;
  if (op.shm_size > 0) spec.shm_size = op.shm_size;
  spec.ulimits = op.ulimits;
  spec.insecure = op.insecure;
  return spec;
}

// "did not complete" as BuildKit says it, with the exit code that cooper passes on.
[[noreturn]] void fail(const graph::Exec& op, const sandbox::ExitStatus& status, const std::string& hint) {
  std::string how = status.signal != 0
                        ? fmt::format("was killed by signal {}", status.signal)
                        : fmt::format("did not complete successfully: exit code: {}", status.code);
  throw base::Error(base::ErrorKind::kRunFailed,
                    fmt::format("process \"{}\" {}", base::join(op.argv, " "), how))
      .exit_status(status.code)
      .hint(hint);
}

// A program that could not be started may be one of another machine. Images can be labelled wrong, so this is
// only asked once it has failed.
void check_emulation(const oci::Platform& platform, const StepRoot& root, bool has_mounts) {
  oci::Platform host = oci::host_platform();
  if (platform.architecture == host.architecture) return;
  const bool has_emulator = sandbox::can_execute(platform.architecture, root.scratch());
  if (has_emulator && has_mounts) return;
  if (has_emulator) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      fmt::format("cannot run programs of {} where nothing can be mounted", platform.str()))
        .hint("take an isolation with namespaces ('cooper doctor' lists what works here), or build natively");
  }
  throw base::Error(base::ErrorKind::kUnsupported,
                    fmt::format("cannot run programs of {} on this {} machine", platform.str(), host.str()))
      .hint(
          "register an emulator with binfmt_misc (Debian: qemu-user-static), or build natively from "
          "'FROM --platform=$BUILDPLATFORM' and only copy the result");
}

}  // namespace

snapshot::LayerPtr run_exec(int vertex, const graph::Exec& op, std::span<const solver::ResultPtr> inputs,
                            Services& services, const std::stop_token& stop) {
  require_launcher(services);
  const snapshot::LayerStack& stack = stack_of(inputs[0]);
  materialize_all(stack, services, stop);
  sandbox::Spec spec = describe_step(op, snapshot::resolve_account(snapshot::MergedView(stack), op.user));
  std::unique_ptr<StepRoot> root = make_step_root(stack, services);
  base::in_span("step", "prepare root", [&] { root->prepare(op, inputs, spec, stop); });

  std::optional<os::Cgroup> cgroup;
  if (!op.cgroup_parent.empty()) {
    cgroup.emplace(op.cgroup_parent,
                   std::string(snapshot::base_name(snapshot::parent_path(root->scratch()))));
    spec.cgroups = cgroup->process_files();
  }

  auto log = [&](int stream, base::ByteSpan bytes) {
    base::Event event;
    event.kind = base::Event::Kind::kLog;
    event.vertex = vertex;
    event.stream = stream;
    event.text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    services.events->emit(std::move(event));
  };
  const sandbox::ExitStatus status =
      base::in_span("step", "process", [&] { return services.launcher->run(spec, log, stop); });
  root->end();
  if (status.code == kCannotExecute) {
    check_emulation(services.definition->vertices[static_cast<std::size_t>(vertex)].platform, *root,
                    services.farms == nullptr);
  }
  if (status.code != 0) fail(op, status, root->limits_met());
  const base::Span span("step", "changes become a layer");
  return root->commit();
}

}  // namespace cooper::ops
