#include "os/user_namespace.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <sched.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/process.h"

namespace cooper::os {

namespace {

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string user_name(uid_t uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : "";
}

std::string read_or_empty(const std::string& path) {
  try {
    return read_file(path, 1 << 20);
  } catch (const base::Error&) {
    return "";
  }
}

// One write(2): the kernel takes a map in one piece or not at all.
void write_proc(const std::string& path, std::string_view text) {
  const Fd file = open_file(path, O_WRONLY);
  if (::write(file.get(), text.data(), text.size()) < 0) base::throw_errno("write", path);
}

std::string render(const std::vector<IdMapping>& map) {
  std::ostringstream text;
  for (const auto& line : map) text << line.inside << ' ' << line.outside << ' ' << line.count << '\n';
  return text.str();
}

base::Error no_range(const std::string& file, uid_t uid) {
  return base::Error(base::ErrorKind::kUnsupported,
                     "no id range for uid " + std::to_string(uid) + " in " + file)
      .hint("add a line such as '" + std::to_string(uid) + ":100000:65536' to /etc/subuid and /etc/subgid");
}

// newuidmap and newgidmap are setuid programs; PATH is not trusted to find them.
void run_map_helper(const std::string& name, pid_t pid, const std::vector<IdMapping>& map) {
  std::string program;
  for (const char* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/", "/run/wrappers/bin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) {
      program = folder + name;
      break;
    }
  }
  if (program.empty()) {
    throw base::Error(base::ErrorKind::kUnsupported, "'" + name + "' is not installed")
        .hint("install the package uidmap (Debian, Ubuntu) or shadow-utils");
  }
  ProcessOptions options;
  options.argv = {program, std::to_string(pid)};
  for (const auto& line : map) {
    for (const auto number : {line.inside, line.outside, line.count})
      options.argv.push_back(std::to_string(number));
  }
  options.timeout = std::chrono::seconds(10);
  const ProcessResult result = run_process(options, {});
  if (result.exit_code != 0) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "'" + name + "' failed: " + std::string(base::trim(result.errors)))
        .hint("check that " + name + " is setuid root and that no_new_privs is not set");
  }
}

// Our own ids, as far as they go from 0 on: what root may pass on to a namespace below.
std::vector<IdMapping> identity_map(const std::string& own_map) {
  std::uint32_t count = 0;
  for (const auto& line : parse_id_map(read_file(own_map, 1 << 20))) {
    if (line.inside == count) count += line.count;
  }
  // Root of a namespace with one id: no range to pass on.
  if (count < 2) {
    throw base::Error(base::ErrorKind::kUnsupported, "this user namespace has one id only")
        .hint("map a range of ids into the container that cooper runs in");
  }
  return {{.inside = 0, .outside = 0, .count = count}};
}

// Runs outside the new namespace, where the right to map ids is.
void map_ids_of(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  if (::geteuid() == 0) {
    write_proc(proc + "/uid_map", render(identity_map("/proc/self/uid_map")));
    write_proc(proc + "/gid_map", render(identity_map("/proc/self/gid_map")));
    return;
  }
  const uid_t uid = ::getuid();
  const auto uids = parse_subordinate_ids(read_or_empty("/etc/subuid"), user_name(uid), uid);
  const auto gids = parse_subordinate_ids(read_or_empty("/etc/subgid"), user_name(uid), uid);
  if (uids.empty()) throw no_range("/etc/subuid", uid);
  if (gids.empty()) throw no_range("/etc/subgid", uid);
  run_map_helper("newuidmap", pid, map_ranges(uid, uids));
  run_map_helper("newgidmap", pid, map_ranges(::getgid(), gids));
}

void unshare_user() {
  if (::unshare(CLONE_NEWUSER) == 0) return;
  throw base::Error(base::ErrorKind::kUnsupported, "cannot create a user namespace")
      .with_errno(errno)
      .hint(
          "allow user namespaces (sysctl user.max_user_namespaces, "
          "kernel.apparmor_restrict_unprivileged_userns; in a container: "
          "--security-opt seccomp=unconfined --security-opt apparmor=unconfined)");
}

void become_root() {
  base::check(::setresgid(0, 0, 0), "become", "gid 0");
  base::check(::setresuid(0, 0, 0), "become", "uid 0");
}

// What the helper says on its pipe: "" for success, else "message\nhint".
[[noreturn]] void run_mapper(pid_t target, Fd ready, Fd verdict) {
  std::array<std::byte, 1> byte{};
  std::string failure;
  try {
    if (FdSource(ready.get(), "pipe").read(byte) == 1) map_ids_of(target);
  } catch (const base::Error& error) {
    failure = error.summary() + "\n" + error.hint();
  }
  try {
    FdSink(verdict.get(), "pipe").write(std::as_bytes(std::span(failure)));
  } catch (const base::Error&) {
    // The other side is gone: nobody is left to tell.
  }
  ::_exit(failure.empty() ? 0 : 1);
}

}  // namespace

std::vector<IdRange> parse_subordinate_ids(std::string_view text, std::string_view user_name, uid_t uid) {
  std::vector<IdRange> ranges;
  const std::string number = std::to_string(uid);
  for (const auto& line : base::split(text, '\n')) {
    const auto fields = base::split(base::trim(line), ':');
    if (fields.size() != 3 || fields[0].empty()) continue;
    if (fields[0] != number && fields[0] != user_name) continue;
    const auto start = parse_id(fields[1]);
    const auto count = parse_id(fields[2]);
    if (start && count && *count > 0) ranges.push_back({*start, *count});
  }
  return ranges;
}

std::vector<IdMapping> map_ranges(std::uint32_t own, const std::vector<IdRange>& ranges) {
  std::vector<IdMapping> map{{.inside = 0, .outside = own, .count = 1}};
  std::uint32_t next = 1;
  for (const auto& range : ranges) {
    map.push_back({.inside = next, .outside = range.start, .count = range.count});
    next += range.count;
  }
  return map;
}

std::vector<IdMapping> parse_id_map(std::string_view text) {
  std::vector<IdMapping> map;
  std::istringstream stream{std::string(text)};
  IdMapping line;
  while (stream >> line.inside >> line.outside >> line.count) map.push_back(line);
  return map;
}

void enter_user_namespace_with_range() {
  auto [ready_end, ready] = make_pipe();
  auto [verdict, verdict_end] = make_pipe();
  const pid_t self = ::getpid();
  const pid_t helper = base::check(::fork(), "start", "the id mapping helper");
  if (helper == 0) {
    ready.reset();
    run_mapper(self, std::move(ready_end), std::move(verdict_end));
  }
  verdict_end.reset();
  ready_end.reset();
  std::optional<base::Error> refused;
  try {
    unshare_user();
    FdSink(ready.get(), "pipe").write(std::as_bytes(std::span("x", 1)));
  } catch (const base::Error& error) {
    refused = error;
  }
  ready.reset();
  FdSource source(verdict.get(), "the id mapping helper");
  const std::string failure = base::read_all(source, 1 << 16, "the id mapping helper");
  int status = 0;
  while (::waitpid(helper, &status, 0) < 0 && errno == EINTR) {
  }
  if (refused) throw *refused;
  if (status != 0 || !failure.empty()) {
    const auto lines = base::split(failure, '\n');
    throw base::Error(base::ErrorKind::kUnsupported, "cannot map subordinate ids: " + lines[0])
        .hint(lines.size() > 1 ? lines[1] : "");
  }
  become_root();
}

void enter_user_namespace_with_one_id() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  unshare_user();
  // A process without rights may map its gid only after it gave up setgroups(2), user_namespaces(7).
  write_proc("/proc/self/setgroups", "deny");
  write_proc("/proc/self/uid_map", render({{.inside = 0, .outside = uid, .count = 1}}));
  write_proc("/proc/self/gid_map", render({{.inside = 0, .outside = gid, .count = 1}}));
  become_root();
}

}  // namespace cooper::os
