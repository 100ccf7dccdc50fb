#include "sandbox/credentials.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fmt/core.h>
#include <grp.h>
#include <linux/capability.h>
#include <optional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::sandbox {

namespace {

constexpr std::array<int, 14> kDefaultCapabilities = {
    CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FSETID,           CAP_FOWNER,
    CAP_MKNOD,   CAP_NET_RAW,      CAP_SETGID,           CAP_SETUID,
    CAP_SETFCAP, CAP_SETPCAP,      CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
    CAP_KILL,    CAP_AUDIT_WRITE};

struct Limit {
  const char* name;
  __rlimit_resource resource;
};
constexpr std::array<Limit, 16> kLimits = {{
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
    {"as", RLIMIT_AS},
}};

std::optional<rlim_t> parse_limit(std::string_view text) {
  if (text == "-1" || text == "unlimited") return RLIM_INFINITY;
  rlim_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void apply_ulimit(const std::string& ulimit, rlim_t least_open_files) {
  const auto equals = ulimit.find('=');
  const auto colon = ulimit.find(':', equals == std::string::npos ? 0 : equals);
  const std::string_view name = std::string_view(ulimit).substr(0, equals);
  const std::string_view values =
      equals == std::string::npos ? std::string_view{} : std::string_view(ulimit).substr(equals + 1);
  const auto soft =
      parse_limit(values.substr(0, colon == std::string::npos ? values.npos : colon - equals - 1));
  const auto hard =
      colon == std::string::npos ? soft : parse_limit(std::string_view(ulimit).substr(colon + 1));
  for (const auto& limit : kLimits) {
    if (name != limit.name || !soft || !hard) continue;
    const rlim_t least = limit.resource == RLIMIT_NOFILE ? least_open_files : 0;
    const rlimit value{.rlim_cur = std::max(*soft, least), .rlim_max = std::max(*hard, least)};
    base::check(::setrlimit(limit.resource, &value), "set the limit", ulimit);
    return;
  }
  throw base::Error(base::ErrorKind::kUsage, fmt::format("invalid ulimit '{}'", ulimit))
      .hint("write it as name=soft:hard, for example nofile=1024:2048");
}

void drop_bounding_set(std::uint64_t keep) {
  for (int capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
      if (errno == EINVAL) return;  // beyond the kernel's last capability
      base::throw_errno("drop", fmt::format("capability {}", capability));
    }
  }
}

void set_capabilities(std::uint64_t effective) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (std::size_t half = 0; half < 2; ++half) {
    const auto bits = static_cast<std::uint32_t>(effective >> (32 * half));
    data[half] = {.effective = bits, .permitted = bits, .inheritable = 0};
  }
  base::check(::syscall(SYS_capset, &header, data.data()), "set", "the capabilities");
}

}  // namespace

std::uint64_t default_capabilities() {
  std::uint64_t mask = 0;
  for (const int capability : kDefaultCapabilities) mask |= std::uint64_t{1} << capability;
  return mask;
}

void apply_ulimits(const std::vector<std::string>& ulimits, std::uint64_t least_open_files) {
  rlimit files{};
  base::check(::getrlimit(RLIMIT_NOFILE, &files), "read", "the limit of open files");
  if (files.rlim_cur < least_open_files) {
    files.rlim_cur = least_open_files;
    base::check(::setrlimit(RLIMIT_NOFILE, &files), "raise", "the limit of open files");
  }
  for (const auto& ulimit : ulimits) apply_ulimit(ulimit, least_open_files);
}

void set_ids(const Spec& spec) {
  base::check(::setgroups(spec.groups.size(), spec.groups.data()), "set", "the supplementary groups");
  base::check(::setresgid(spec.gid, spec.gid, spec.gid), "become gid", std::to_string(spec.gid));
  base::check(::setresuid(spec.uid, spec.uid, spec.uid), "become uid", std::to_string(spec.uid));
}

void limit_capabilities(std::uint64_t mask) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  base::check(::syscall(SYS_capget, &header, data.data()), "read", "the capabilities");
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // EINVAL: a kernel without them
  set_capabilities((data[0].permitted | std::uint64_t{data[1].permitted} << 32) & mask);
}

void become_step_user(const Spec& spec, const SeccompFilter& filter) {
  if (spec.insecure) return set_ids(spec);
  drop_bounding_set(default_capabilities());
  // Before the ids: without no_new_privs a filter needs CAP_SYS_ADMIN. It allows all that follows here.
  filter.install();
  set_ids(spec);
  // The bounding set only limits what exec may give; what we hold must go too. Another uid has lost it all
  // already.
  set_capabilities(spec.uid == 0 ? default_capabilities() : 0);
}

}  // namespace cooper::sandbox
