// Instructions that change the config (and WORKDIR, whose directory is a layer).
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/quote.h"
#include "dockerfile/stage_builder.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

bool is_control_arg(const std::string& name) {
  return name == "BUILDKIT_SBOM_SCAN_CONTEXT" || name == "BUILDKIT_SBOM_SCAN_STAGE";
}

// Keeps `all` sorted and free of repetitions.
void add_sorted(std::vector<std::string>& all, std::vector<std::string> more) {
  auto middle = static_cast<std::ptrdiff_t>(all.size());
  std::sort(more.begin(), more.end());
  all.insert(all.end(), more.begin(), more.end());
  std::inplace_merge(all.begin(), all.begin() + middle, all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

graph::Owner owner_of(const std::string& user) {
  std::size_t colon = user.find(':');
  return {user.substr(0, colon), colon == std::string::npos ? "" : user.substr(colon + 1)};
}

std::optional<unsigned> port_number(std::string_view text) {
  unsigned number = 0;
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  bool valid = !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!valid || number > 65535) return std::nullopt;
  return number;
}

struct PortRange {
  unsigned first = 0;
  unsigned last = 0;
};

std::optional<PortRange> port_range(std::string_view text) {
  std::size_t dash = text.find('-');
  auto first = port_number(text.substr(0, dash));
  auto last = dash == std::string_view::npos ? first : port_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

bool is_address(std::string text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  unsigned char buffer[16];
  return inet_pton(AF_INET, text.c_str(), buffer) == 1 || inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

void check_host_side(const std::string& word, const std::string& address, const std::string& host,
                     const PortRange& ports) {
  if (!address.empty() && !is_address(address))
    throw failure(fmt::format("invalid IP address '{}'", address));
  if (host.empty()) return;
  auto range = port_range(host);
  if (!range) throw failure(fmt::format("invalid host port '{}'", host));
  if (range->last - range->first != ports.last - ports.first && ports.last != ports.first) {
    throw failure(fmt::format("ranges of container and host differ in '{}'", word));
  }
}

void read_port(const std::string& word, Lines lines, Linter& linter, std::vector<std::string>& ports) {
  std::vector<std::string> parts = base::split(word, ':');
  std::string container = parts.back();
  parts.pop_back();
  std::string host = parts.empty() ? "" : parts.back();
  if (!parts.empty()) parts.pop_back();
  std::string address = base::join(parts, ":");

  std::size_t slash = container.find('/');
  std::string written = slash == std::string::npos ? "tcp" : container.substr(slash + 1);
  std::string protocol = written.empty() ? "tcp" : base::to_lower(written);
  container = container.substr(0, slash);
  if (container.empty()) throw failure(fmt::format("'{}' names no port", word)).hint("write it as 8080/tcp");
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    throw failure(fmt::format("unknown protocol '{}'", written))
        .hint(did_you_mean(protocol, {"tcp", "udp", "sctp"}, "use tcp, udp or sctp"));
  }
  if (base::to_lower(written) != written) {
    linter.report(Rule::kExposeProtoCasing, lines,
                  fmt::format("Defined protocol '{}' in EXPOSE instruction should be lowercase", word));
  }
  if (!address.empty() || !host.empty()) {
    linter.report(
        Rule::kExposeInvalidFormat, lines,
        fmt::format("EXPOSE instruction should not define an IP address or host-port mapping, found '{}'",
                    word));
  }
  auto range = port_range(container);
  if (!range)
    throw failure(fmt::format("'{}' is no port from 0 to 65535 and no range", container))
        .hint("write it as 8080 or 8000-8010");
  check_host_side(word, address, host, *range);
  for (unsigned port = range->first; port <= range->last; ++port)
    ports.push_back(fmt::format("{}/{}", port, protocol));
}

const std::vector<std::string>& short_signal_names() {
  static const std::vector<std::string> kNames = {
      "ABRT", "ALRM", "BUS",  "CHLD", "CLD",  "CONT", "FPE",    "HUP",    "ILL",  "INT",  "IO",    "IOT",
      "KILL", "PIPE", "POLL", "PROF", "PWR",  "QUIT", "SEGV",   "STKFLT", "STOP", "SYS",  "TERM",  "TRAP",
      "TSTP", "TTIN", "TTOU", "URG",  "USR1", "USR2", "VTALRM", "WINCH",  "XCPU", "XFSZ", "RTMIN", "RTMAX"};
  return kNames;
}

// As people write them, for suggestions.
std::vector<std::string> signal_names() {
  std::vector<std::string> names = short_signal_names();
  for (const std::string& name : short_signal_names()) names.push_back("SIG" + name);
  return names;
}

}  // namespace

std::vector<std::string> read_ports(const std::vector<std::string>& words, Lines lines, Linter& linter) {
  std::vector<std::string> ports;
  for (const std::string& word : words) {
    read_port(word, lines, linter, ports);
    constexpr std::size_t kMaxPorts = 1000000;
    if (ports.size() > kMaxPorts) throw failure("EXPOSE names more than a million ports");
  }
  return ports;
}

bool is_signal(const std::string& text) {
  int number = 0;
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size()) return number != 0;
  std::string name = base::to_upper(text);
  if (name.substr(0, 3) == "SIG") name = name.substr(3);
  const std::vector<std::string>& names = short_signal_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  for (int offset = 1; offset <= 15; ++offset) {
    if (name == fmt::format("RTMIN+{}", offset)) return true;
    if (offset < 15 && name == fmt::format("RTMAX-{}", offset)) return true;
  }
  return false;
}

void StageBuilder::apply(const Env& env) {
  std::vector<KeyValue> pairs = env.pairs;
  for (KeyValue& pair : pairs) {
    pair.key = expand_word(pair.key);
    pair.value = expand_word(pair.value);
  }
  std::string history = "ENV";
  for (KeyValue& pair : pairs) {
    if (pair.legacy) {
      linter_.report(
          Rule::kLegacyKeyValueFormat, instruction_->lines,
          fmt::format("\"{0} key=value\" should be used instead of legacy \"{0} key value\" format",
                      instruction_->keyword));
    }
    if (names_a_secret(pair.key)) {
      linter_.report(
          Rule::kSecretsUsedInArgOrEnv, instruction_->lines,
          fmt::format("Do not use ARG or ENV instructions for sensitive data (ENV {})", quote(pair.key)));
    }
    history += " " + pair.key + "=" + pair.value;
    oci::set_env(state_.image.config.env, pair.key, pair.value);
    state_.environment.set(pair.key, std::move(pair.value));
  }
  // Finding a name in the config's list takes time in proportion to its length.
  context_.budget.spend(state_.image.config.env.size() * pairs.size() / 4);
  add_history(std::move(history), std::nullopt);
}

void StageBuilder::apply(const Label& label) {
  std::string history = "LABEL";
  std::vector<KeyValue> pairs = label.pairs;
  for (KeyValue& pair : pairs) {
    pair.key = expand_word(pair.key);
    pair.value = expand_word(pair.value);
  }
  for (KeyValue& pair : pairs) {
    if (pair.legacy) {
      linter_.report(
          Rule::kLegacyKeyValueFormat, instruction_->lines,
          fmt::format("\"{0} key=value\" should be used instead of legacy \"{0} key value\" format",
                      instruction_->keyword));
    }
    history += " " + pair.key + "=" + pair.value;
    state_.image.config.labels[pair.key] = std::move(pair.value);
  }
  add_history(std::move(history), std::nullopt);
}

void StageBuilder::apply(const Arg& arg) {
  OutlineCapture& outline = context_.outlines[index_];
  std::string history = "ARG";
  std::size_t position = 0;
  for (ArgDefinition definition : arg.definitions) {
    if (names_a_secret(definition.key)) {
      linter_.report(Rule::kSecretsUsedInArgOrEnv, instruction_->lines,
                     fmt::format("Do not use ARG or ENV instructions for sensitive data (ARG {})",
                                 quote(definition.key)));
    }
    auto given = context_.plan.build_args.find(definition.key);
    bool inherited = false;
    if (given != context_.plan.build_args.end()) {
      definition.value = given->second;
    } else if (definition.value) {
      definition.value = expand_word(*definition.value);
    } else if (const std::string* global = context_.plan.global_args.find(definition.key)) {
      definition.value = *global;
      inherited = true;
    }
    if (definition.value && !is_control_arg(definition.key)) {
      state_.environment.set(definition.key, *definition.value);
    }
    if (!inherited) {
      outline.definitions[definition.key] = {
          definition, definition.value.value_or(""), {}, instruction_->lines, position};
    }
    ++position;
    outline.used.insert(definition.key);
    history += " " + definition.key;
    if (definition.value) history += "=" + *definition.value;
    state_.args.push_back(std::move(definition));
  }
  add_history(std::move(history), std::nullopt);
}

void StageBuilder::apply(const Workdir& workdir) {
  std::string path = expand_word(workdir.path);
  if (!state_.workdir_set && !own_path(path).starts_with('/')) {
    linter_.report(Rule::kWorkdirRelativePath, instruction_->lines,
                   fmt::format("Relative workdir {} can have unexpected results if the base image changes",
                               quote(path)));
  }
  state_.workdir_set = true;
  set_directory(path);
  std::optional<int> layer;
  if (state_.directory != "/") {
    graph::MkdirAction mkdir;
    mkdir.path = state_.directory;
    const std::string& user = state_.image.config.user;
    if (!user.empty()) mkdir.owner = owner_of(user);
    graph::Vertex vertex;
    vertex.inputs = {root()};
    vertex.op = graph::File{{mkdir}};
    std::string shown = shown_code(context_.plan.word_options(), state_.environment, instruction_->code);
    layer = add_vertex(std::move(vertex), step_name(shown));
  }
  add_history("WORKDIR " + state_.image.config.working_dir, layer);
}

void StageBuilder::apply(const User& user) {
  state_.image.config.user = expand_word(user.user);
  add_history("USER " + state_.image.config.user, std::nullopt);
}

void StageBuilder::apply(const Cmd& cmd) {
  lint_repeated(last_cmd_);
  lint_shell_form(cmd.line);
  std::vector<std::string> argv = cmd.line.through_shell ? with_shell(cmd.line.argv) : cmd.line.argv;
  add_history("CMD " + quote_list(argv), std::nullopt);
  state_.image.config.cmd = std::move(argv);
  state_.image.config.args_escaped = true;
}

void StageBuilder::apply(const Entrypoint& entrypoint) {
  lint_repeated(last_entrypoint_);
  lint_shell_form(entrypoint.line);
  const CommandLine& line = entrypoint.line;
  std::vector<std::string> argv = line.through_shell ? with_shell(line.argv) : line.argv;
  add_history("ENTRYPOINT " + quote_list(argv), std::nullopt);
  state_.image.config.entrypoint = std::move(argv);
  if (!last_cmd_) state_.image.config.cmd.reset();
}

void StageBuilder::apply(const Healthcheck& health) {
  lint_repeated(last_healthcheck_);
  const oci::Healthcheck& check = health.check;
  state_.image.config.healthcheck = check;
  add_history(
      fmt::format("HEALTHCHECK {{Test:{} Interval:{} Timeout:{} StartPeriod:{} StartInterval:{} Retries:{}}}",
                  plain_list(check.test), duration_text(check.interval), duration_text(check.timeout),
                  duration_text(check.start_period), duration_text(check.start_interval), check.retries),
      std::nullopt);
}

void StageBuilder::apply(const Expose& expose) {
  std::vector<std::string> words;
  for (const std::string& port : expose.ports) {
    WordResult result = expand(port, state_.environment, context_.plan.word_options());
    words.insert(words.end(), result.words.begin(), result.words.end());
  }
  std::vector<std::string> ports = read_ports(words, instruction_->lines, linter_);
  context_.budget.spend(ports.size() * 64 + state_.image.config.exposed_ports.size());
  add_sorted(state_.image.config.exposed_ports, ports);
  add_history("EXPOSE " + plain_list(ports), std::nullopt);
}

void StageBuilder::apply(const Volume& volume) {
  std::vector<std::string> paths;
  for (const std::string& path : volume.paths) {
    paths.push_back(expand_word(path));
    if (paths.back().empty())
      throw failure(fmt::format("VOLUME '{}' expands to nothing", path)).hint("give the variable a value");
  }
  add_sorted(state_.image.config.volumes, paths);
  context_.budget.spend(state_.image.config.volumes.size() * 4);
  add_history("VOLUME " + plain_list(paths), std::nullopt);
}

void StageBuilder::apply(const Shell& shell) {
  state_.image.config.shell = shell.argv;
  add_history("SHELL " + plain_list(shell.argv), std::nullopt);
}

void StageBuilder::apply(const StopSignal& stop_signal) {
  std::string name = expand_word(stop_signal.signal);
  if (!is_signal(name))
    throw failure(fmt::format("unknown signal '{}'", name))
        .hint(did_you_mean(name, signal_names(), "use a name like SIGTERM, or a number"));
  state_.image.config.stop_signal = name;
  add_history("STOPSIGNAL " + name, std::nullopt);
}

void StageBuilder::apply(const OnBuild& onbuild) {
  state_.image.config.on_build.push_back(onbuild.expression);
}

void StageBuilder::apply(const Maintainer& maintainer) {
  state_.image.author = maintainer.name;
  add_history("MAINTAINER " + maintainer.name, std::nullopt);
}

}  // namespace cooper::dockerfile
