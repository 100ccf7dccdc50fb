// RUN.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/text.h"
#include "dockerfile/heredoc.h"
#include "dockerfile/paths.h"
#include "dockerfile/stage_builder.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

constexpr const char* kScriptDirectory = "/dev/pipes";

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

// The first line of a heredoc, for the step's name.
std::string summary(const std::string& content) {
  std::string_view text = trim_space(content);
  std::size_t end = text.find('\n');
  std::string first(text.substr(0, end));
  if (!first.empty() && first.back() == '\r') first.pop_back();
  return end == std::string_view::npos ? first : first + "...";
}

bool is_proxy(const std::string& name) {
  std::string lower = base::to_lower(name);
  return lower == "http_proxy" || lower == "https_proxy" || lower == "ftp_proxy" || lower == "no_proxy" ||
         lower == "all_proxy";
}

// Proxies reach the step in both spellings, whichever was given.
std::vector<std::string> proxy_environment(const std::map<std::string, std::string>& build_args) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : build_args) {
    if (is_proxy(name)) values[base::to_upper(name)] = value;
  }
  std::vector<std::string> list;
  for (const auto& [name, value] : values) {
    list.push_back(name + "=" + value);
    list.push_back(base::to_lower(name) + "=" + value);
  }
  return list;
}

const graph::Mount* first_agent(const graph::Exec& exec) {
  for (const graph::Mount& mount : exec.mounts) {
    if (std::holds_alternative<graph::SshMount>(mount.what)) return &mount;
  }
  return nullptr;
}

graph::CacheMount::Sharing sharing_of(const std::string& text) {
  if (text == "private") return graph::CacheMount::Sharing::kPrivate;
  if (text == "locked") return graph::CacheMount::Sharing::kLocked;
  return graph::CacheMount::Sharing::kShared;
}

}  // namespace

// The command with its shell; a heredoc with a "#!" line becomes a script that the command names.
std::vector<std::string> StageBuilder::run_argv(const Run& run, graph::Exec& exec, std::string& shown) {
  std::vector<std::string> words = run.line.argv;
  const std::vector<Heredoc>& heredocs = run.line.heredocs;
  if (!heredocs.empty()) {
    if (words.size() != 1 || !run.line.through_shell)
      throw failure("heredoc in a RUN that is not in shell form");
    if (heredoc_or_none(words[0])) {
      const Heredoc& heredoc = heredocs[0];
      std::string content = heredoc.chomp ? chomp_heredoc(heredoc.content) : heredoc.content;
      if (content.substr(0, 2) == "#!" && state_.image.platform.os != "windows") {
        std::string path = clean_path(std::string(kScriptDirectory) + "/" + heredoc.name);
        exec.scripts.push_back({path, std::move(content)});
        words = {path};
      } else {
        words = {std::move(content)};
      }
      shown += fmt::format(" ({})", summary(heredoc.content));
    } else {
      for (const Heredoc& heredoc : heredocs) words[0] += "\n" + heredoc.content + heredoc.name;
    }
  }
  return run.line.through_shell ? with_shell(words) : words;
}

int StageBuilder::mount_input(graph::Vertex& vertex, const RunMount& mount, std::size_t index) {
  int input = graph::kScratch;
  if (mount.from.empty()) {
    input = main_context();
  } else {
    auto source = static_cast<std::size_t>(command_->sources[index]);
    const StageState& state = context_.states[source];
    if (!state.dispatched) {
      throw failure(fmt::format("stage '{}' comes after the stage that mounts it", mount.from))
          .hint(fmt::format("move it above '{}'", plan_stage().name));
    }
    input = state.vertex;
  }
  vertex.inputs.push_back(input);
  return static_cast<int>(vertex.inputs.size()) - 1;
}

std::optional<graph::Mount> StageBuilder::make_secret(const RunMount& mount) {
  graph::SecretMount secret;
  secret.id = mount.source.empty() ? mount.id : mount.source;
  if (secret.id.empty()) secret.id = base_name(mount.target);
  secret.env = mount.env.value_or("");
  secret.as_file = !mount.env || !mount.target.empty();
  secret.required = mount.required;
  secret.mode = mount.mode.value_or(0400);
  secret.uid = mount.uid.value_or(0);
  secret.gid = mount.gid.value_or(0);
  context_.outlines[index_].secrets.emplace(secret.id, OutlineNeed{mount.required, instruction_->lines});
  std::string target = mount.target.empty() ? "/run/secrets/" + base_name(secret.id) : mount.target;
  return graph::Mount{clean_path(absolute_path(state_.directory, target)), std::move(secret)};
}

graph::Mount StageBuilder::make_mount(graph::Vertex& vertex, const RunMount& mount, std::size_t index) {
  std::string target = clean_path(absolute_path(state_.directory, mount.target));
  if (target == "/" && mount.target.empty()) throw failure("--mount has no target").hint("add target=/path");
  if (target == "/")
    throw failure(fmt::format("'{}' cannot be the target of a mount", mount.target))
        .hint("choose a path below it");
  std::string source = clean_path("/" + mount.source);
  if (mount.type == MountType::kTmpfs) return {target, graph::TmpfsMount{mount.size}};
  if (mount.type == MountType::kBind) {
    graph::BindMount bind;
    bind.input = mount_input(vertex, mount, index);
    bind.source = source;
    bind.writable = !mount.read_only;
    return {target, std::move(bind)};
  }
  graph::CacheMount cache;
  cache.id = mount.id.empty() ? clean_path(mount.target) : mount.id;
  auto space = context_.plan.build_args.find("BUILDKIT_CACHE_MOUNT_NS");
  if (space != context_.plan.build_args.end() && !space->second.empty())
    cache.id = space->second + "/" + cache.id;
  cache.sharing = sharing_of(mount.sharing);
  if (!mount.from.empty() && mount.from != "scratch") cache.input = mount_input(vertex, mount, index);
  if (cache.input >= 0 || source != "/") cache.source = source;
  cache.mode = mount.mode.value_or(0755);
  cache.uid = mount.uid.value_or(0);
  cache.gid = mount.gid.value_or(0);
  cache.read_only = mount.read_only;
  return {target, std::move(cache)};
}

void StageBuilder::add_mounts(graph::Vertex& vertex, graph::Exec& exec, const std::vector<RunMount>& mounts) {
  std::size_t sockets = 0;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const RunMount& mount = mounts[i];
    if (mount.type == MountType::kSecret) {
      if (auto secret = make_secret(mount)) exec.mounts.push_back(std::move(*secret));
    } else if (mount.type == MountType::kSsh) {
      graph::SshMount ssh;
      std::string id = mount.id.empty() ? mount.source : mount.id;
      if (!id.empty()) ssh.id = id;
      ssh.required = mount.required;
      ssh.mode = mount.mode.value_or(0600);
      ssh.uid = mount.uid.value_or(0);
      ssh.gid = mount.gid.value_or(0);
      context_.outlines[index_].ssh.emplace(ssh.id, OutlineNeed{mount.required, instruction_->lines});
      std::string target =
          mount.target.empty() ? fmt::format("/run/buildkit/ssh_agent.{}", sockets) : mount.target;
      ++sockets;
      exec.mounts.push_back({clean_path(absolute_path(state_.directory, target)), std::move(ssh)});
    } else {
      exec.mounts.push_back(make_mount(vertex, mount, i));
    }
  }
}

// "|2 A=1 B=2 /bin/sh -c make": the ARGs in scope stand before the command.
std::string StageBuilder::run_history(const std::vector<std::string>& argv) const {
  std::vector<std::string> words;
  std::set<std::string> seen;
  for (const ArgDefinition& arg : state_.args) {
    if (!seen.insert(arg.key).second) continue;
    const std::string* value = state_.environment.find(arg.key);
    std::string text = value != nullptr ? *value : "";
    if (value == nullptr) {
      for (const ArgDefinition& again : state_.args) {
        if (again.key == arg.key) text = again.value.value_or("");
      }
    }
    words.push_back(arg.key + "=" + text);
  }
  if (!words.empty()) words.insert(words.begin(), fmt::format("|{}", words.size()));
  words.insert(words.end(), argv.begin(), argv.end());
  return "RUN " + base::join(words, " ") + " # buildkit";
}

void StageBuilder::apply(const Run& run) {
  std::vector<RunMount> mounts;
  for (const std::string& flag : run.mount_flags) mounts.push_back(parse_mount(flag, this));
  if (!run.devices.empty()) {
    throw failure("RUN --device is not supported")
        .hint("remove the flag; no device is passed to build steps");
  }
  graph::Vertex vertex;
  vertex.inputs = {root()};
  graph::Exec exec;
  std::string shown = instruction_->code;
  exec.argv = run_argv(run, exec, shown);
  add_mounts(vertex, exec, mounts);
  exec.env = state_.environment.list();
  if (const graph::Mount* agent = first_agent(exec);
      agent != nullptr && !oci::find_env(exec.env, "SSH_AUTH_SOCK")) {
    exec.env.push_back("SSH_AUTH_SOCK=" + agent->target);
  }
  exec.cwd = state_.directory;
  exec.user = state_.image.config.user;
  exec.network = run.network == "none"   ? graph::Exec::Network::kNone
                 : run.network == "host" ? graph::Exec::Network::kHost
                                         : context_.input.network;
  exec.insecure = run.security == "insecure";
  exec.proxy_env = proxy_environment(context_.plan.build_args);
  exec.extra_hosts = context_.input.extra_hosts;
  exec.hostname = context_.input.hostname;
  auto hostname = context_.plan.build_args.find("BUILDKIT_SANDBOX_HOSTNAME");
  if (hostname != context_.plan.build_args.end()) exec.hostname = hostname->second;
  exec.shm_size = context_.input.shm_size;
  exec.ulimits = context_.input.ulimits;
  exec.cgroup_parent = context_.input.cgroup_parent;
  context_.budget.spend(state_.environment.bytes() + shown.size());

  WordOptions options = context_.plan.word_options();
  options.raw_quotes = true;
  options.skip_unset = true;
  std::optional<Environment> masked;
  for (const RunMount& mount : mounts) {
    if (mount.type != MountType::kSecret || !mount.env) continue;
    if (!masked) masked = state_.environment;
    masked->set(*mount.env, "****");
  }
  for (const ArgDefinition& arg : state_.args) vertex.info.arguments.push_back(arg.key);
  std::string name = step_name(shown_code(options, masked ? *masked : state_.environment, shown));
  std::string history = run_history(exec.argv);
  vertex.op = std::move(exec);
  int layer = add_vertex(std::move(vertex), name);
  add_history(std::move(history), layer);
}

}  // namespace cooper::dockerfile
