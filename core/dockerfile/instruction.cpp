#include "dockerfile/instruction.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>

#include "base/text.h"
#include "dockerfile/flags.h"
#include "dockerfile/heredoc.h"
#include "dockerfile/lint.h"
#include "dockerfile/quote.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

// How each instruction is written.
std::string usage_of(std::string_view name) {
  static const std::map<std::string_view, const char*> kForms = {
      {"ADD", "ADD source… destination"},   {"ARG", "ARG NAME=default"},
      {"COPY", "COPY source… destination"}, {"ENV", "ENV NAME=value"},
      {"EXPOSE", "EXPOSE 8080/tcp"},        {"HEALTHCHECK", "HEALTHCHECK CMD command, or HEALTHCHECK NONE"},
      {"LABEL", "LABEL key=value"},         {"MAINTAINER", "LABEL org.opencontainers.image.authors=name"},
      {"ONBUILD", "ONBUILD RUN command"},   {"SHELL", "SHELL [\"/bin/sh\", \"-c\"]"},
      {"STOPSIGNAL", "STOPSIGNAL SIGTERM"}, {"USER", "USER name"},
      {"VOLUME", "VOLUME /data"},           {"WORKDIR", "WORKDIR /app"}};
  return std::string("write it as ") + kForms.at(name);
}

void need_one(const Node& node, const char* name) {
  if (node.words.size() != 1) throw failure(fmt::format("{} needs an argument", name)).hint(usage_of(name));
}

void need_some(const std::vector<std::string>& words, const char* name) {
  if (words.empty()) throw failure(fmt::format("{} needs an argument", name)).hint(usage_of(name));
}

void no_flags(const Node& node) {
  FlagSet().parse(node.flags);
}

// What the JSON form gives as it is; the other form is joined back into one string.
std::vector<std::string> command_words(std::vector<std::string> words, bool json) {
  if (words.empty()) return {};
  if (json) return words;
  return {base::join(words, " ")};
}

std::vector<KeyValue> read_pairs(const Node& node, const char* name) {
  no_flags(node);
  need_some(node.words, name);
  std::vector<KeyValue> pairs;
  for (std::size_t i = 0; i + 2 < node.words.size(); i += 3) {
    if (node.words[i].empty())
      throw failure(fmt::format("'={}' has no name before '='", node.words[i + 1])).hint(usage_of(name));
    pairs.push_back({node.words[i], node.words[i + 1], node.words[i + 2].empty()});
  }
  return pairs;
}

// "NAME what it is" documents NAME.
std::string description_for(const std::vector<std::string>& comments, const std::string& name) {
  if (name.empty()) return "";
  for (const std::string& comment : comments) {
    if (comment.substr(0, name.size() + 1) == name + " ") return comment.substr(name.size() + 1);
  }
  return "";
}

Arg read_arg(const Node& node) {
  need_some(node.words, "ARG");
  Arg arg;
  for (const std::string& word : node.words) {
    ArgDefinition definition;
    std::size_t equals = word.find('=');
    definition.key = word.substr(0, equals);
    if (equals != std::string::npos) {
      if (definition.key.empty())
        throw failure(fmt::format("'{}' has no name before '='", word)).hint(usage_of("ARG"));
      definition.value = word.substr(equals + 1);
    }
    definition.description = description_for(node.comments, definition.key);
    arg.definitions.push_back(std::move(definition));
  }
  return arg;
}

bool is_stage_name(const std::string& name) {
  auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  auto allowed = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), allowed);
}

From read_from(const Node& node) {
  From from;
  if (node.words.size() == 3 && base::to_lower(node.words[1]) == "as") {
    from.name = base::to_lower(node.words[2]);
    if (!is_stage_name(from.name)) {
      throw failure(fmt::format("stage name '{}' is not valid", node.words[2]))
          .hint("start it with a letter, then use letters, digits, '-', '_' and '.'");
    }
  } else if (node.words.size() != 1) {
    throw failure("FROM takes an image, or an image, AS and a name")
        .hint("write it as FROM image or FROM image AS name");
  }
  FlagSet flags;
  flags.declare("platform", FlagSet::Kind::kString).parse(node.flags);
  from.base = node.words[0];
  from.platform = flags.string("platform");
  from.description = description_for(node.comments, from.name);
  return from;
}

void read_sources(Copy& copy, const Node& node, const char* name) {
  copy.destination = node.words.back();
  if (heredoc_or_none(copy.destination)) {
    throw failure(fmt::format("heredoc '{}' stands where {} has its destination", copy.destination, name))
        .hint(usage_of(name));
  }
  for (std::size_t i = 0; i + 1 < node.words.size(); ++i) {
    auto opened = heredoc_or_none(node.words[i]);
    if (!opened) {
      copy.sources.push_back(node.words[i]);
      continue;
    }
    HeredocSource source;
    source.name = opened->name;
    source.expand = opened->expand;
    for (const Heredoc& heredoc : node.heredocs) {
      if (heredoc.name == opened->name) source.content = heredoc.content;
    }
    if (opened->chomp) source.content = chomp_heredoc(source.content);
    copy.heredocs.push_back(std::move(source));
  }
}

// ADD and COPY have flags of their own, which are easily mixed up.
base::Error hint_at_other(base::Error error, bool is_add) {
  static const std::vector<std::string> kOfAdd = {"--checksum", "--keep-git-dir", "--unpack"};
  static const std::vector<std::string> kOfCopy = {"--from", "--parents"};
  for (const std::string& flag : is_add ? kOfCopy : kOfAdd) {
    if (error.message() == fmt::format("unknown flag '{}'", flag))
      error.hint(fmt::format("{} takes {}", is_add ? "COPY" : "ADD", flag));
  }
  return error;
}

Copy read_copy(const Node& node, bool is_add) {
  const char* name = is_add ? "ADD" : "COPY";
  if (node.words.size() < 2) {
    throw failure(fmt::format("{} needs a source and a destination", name)).hint(usage_of(name));
  }
  FlagSet flags;
  using Kind = FlagSet::Kind;
  flags.declare("chown", Kind::kString).declare("chmod", Kind::kString).declare("link", Kind::kBool);
  flags.declare("exclude", Kind::kStrings);
  if (is_add) {
    flags.declare("checksum", Kind::kString)
        .declare("keep-git-dir", Kind::kBool)
        .declare("unpack", Kind::kBool);
  } else {
    flags.declare("from", Kind::kString).declare("parents", Kind::kBool);
  }
  try {
    flags.parse(node.flags);
  } catch (base::Error& error) {
    throw hint_at_other(error, is_add);
  }
  Copy copy;
  copy.is_add = is_add;
  read_sources(copy, node, name);
  copy.chown = flags.string("chown");
  copy.chmod = flags.string("chmod");
  copy.excludes = flags.strings("exclude");
  copy.link = flags.boolean("link").value_or(false);
  if (is_add) {
    copy.checksum = flags.string("checksum");
    copy.keep_git_dir = flags.boolean("keep-git-dir");
    copy.unpack = flags.boolean("unpack");
  } else {
    copy.from = flags.string("from");
    copy.parents = flags.boolean("parents").value_or(false);
  }
  return copy;
}

CommandLine read_command_line(const Node& node) {
  return {command_words(node.words, node.json), !node.json, node.heredocs};
}

std::vector<std::string> read_devices(const std::vector<std::string>& values) {
  for (const std::string& value : values) csv_fields(value);
  return values;
}

Run read_run(const Node& node) {
  FlagSet flags;
  using Kind = FlagSet::Kind;
  flags.declare("mount", Kind::kStrings).declare("network", Kind::kString).declare("security", Kind::kString);
  flags.declare("device", Kind::kStrings);
  flags.parse(node.flags);
  Run run;
  run.flags_used = flags.used();
  run.line = read_command_line(node);
  run.mount_flags = flags.strings("mount");
  for (const std::string& mount : run.mount_flags) run.mounts.push_back(parse_mount(mount, nullptr));
  auto given = [&](const char* flag) {
    return std::find(run.flags_used.begin(), run.flags_used.end(), flag) != run.flags_used.end();
  };
  if (given("network")) run.network = flags.string("network");
  if (given("security")) run.security = flags.string("security");
  if (run.network != "default" && run.network != "none" && run.network != "host") {
    throw failure(fmt::format("network mode '{}' is not valid", run.network))
        .hint(did_you_mean(run.network, {"default", "none", "host"}, "use default, none or host"));
  }
  if (run.security != "sandbox" && run.security != "insecure") {
    throw failure(fmt::format("security mode '{}' is not valid", run.security))
        .hint(did_you_mean(run.security, {"sandbox", "insecure"}, "use sandbox or insecure"));
  }
  run.devices = read_devices(flags.strings("device"));
  return run;
}

std::int64_t read_interval(const FlagSet& flags, const char* name) {
  std::string text = flags.string(name);
  if (text.empty()) return 0;
  std::int64_t value = parse_duration(text);
  constexpr std::int64_t kMillisecond = 1000000;
  if (value != 0 && value < kMillisecond)
    throw failure(fmt::format("'--{}={}' is less than 1ms", name, text)).hint("give 0 for the default");
  return value;
}

int read_retries(const std::string& text) {
  if (text.empty()) return 0;
  std::string_view digits = text;
  if (digits[0] == '+' && digits.size() > 1 && digits[1] != '-') digits.remove_prefix(1);
  std::int32_t retries = 0;
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), retries);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || retries < 0) {
    throw failure(fmt::format("'--retries={}' is not a number from 0 up", text));
  }
  return retries;
}

Healthcheck read_healthcheck(const Node& node) {
  need_some(node.words, "HEALTHCHECK");
  std::string type = base::to_upper(node.words[0]);
  std::vector<std::string> rest(node.words.begin() + 1, node.words.end());
  if (type == "NONE") {
    if (!rest.empty())
      throw failure(fmt::format("HEALTHCHECK {} takes no arguments", node.words[0]))
          .hint("write HEALTHCHECK CMD to check with a command");
    return {{{"NONE"}}};
  }
  FlagSet flags;
  for (const char* name : {"interval", "timeout", "start-period", "start-interval", "retries"}) {
    flags.declare(name, FlagSet::Kind::kString);
  }
  flags.parse(node.flags);
  if (type != "CMD")
    throw failure(fmt::format("'{}' stands where HEALTHCHECK has CMD or NONE", node.words[0]))
        .hint(usage_of("HEALTHCHECK"));
  Healthcheck health;
  health.check.test = command_words(std::move(rest), node.json);
  if (health.check.test.empty())
    throw failure("HEALTHCHECK CMD has no command").hint(usage_of("HEALTHCHECK"));
  health.check.test.insert(health.check.test.begin(), node.json ? "CMD" : "CMD-SHELL");
  health.check.interval = read_interval(flags, "interval");
  health.check.timeout = read_interval(flags, "timeout");
  health.check.start_period = read_interval(flags, "start-period");
  health.check.start_interval = read_interval(flags, "start-interval");
  health.check.retries = read_retries(flags.string("retries"));
  return health;
}

OnBuild read_onbuild(const Node& node) {
  if (node.trigger.empty()) need_some({}, "ONBUILD");
  no_flags(node);
  std::string keyword = base::to_upper(trim_space(node.trigger[0].keyword));
  if (keyword == "ONBUILD" || keyword == "MAINTAINER" || keyword == "FROM") {
    throw failure(fmt::format("ONBUILD cannot trigger '{}'", node.trigger[0].original))
        .hint(fmt::format("{} has no meaning in a trigger", keyword));
  }
  std::string_view expression = trim_space_left(node.original);
  expression.remove_prefix(std::min(node.keyword.size(), expression.size()));
  while (!expression.empty() && is_space(static_cast<unsigned char>(expression[0])) &&
         expression[0] != '\v') {
    expression.remove_prefix(1);
  }
  OnBuild onbuild{std::string(expression)};
  for (const Heredoc& heredoc : node.heredocs) onbuild.expression += "\n" + heredoc.content + heredoc.name;
  return onbuild;
}

Volume read_volume(const Node& node) {
  need_some(node.words, "VOLUME");
  no_flags(node);
  Volume volume;
  for (const std::string& word : node.words) {
    std::string path(trim_space(word));
    if (path.empty()) throw failure("VOLUME names an empty path").hint(usage_of("VOLUME"));
    volume.paths.push_back(std::move(path));
  }
  return volume;
}

Shell read_shell(const Node& node) {
  no_flags(node);
  need_some(node.words, "SHELL");
  if (!node.json) {
    throw failure(fmt::format("SHELL takes a JSON array, not '{}'", node.words[0])).hint(usage_of("SHELL"));
  }
  return {node.words};
}

Expose read_expose(const Node& node) {
  need_some(node.words, "EXPOSE");
  no_flags(node);
  Expose expose{node.words};
  std::sort(expose.ports.begin(), expose.ports.end());
  return expose;
}

const std::vector<std::string>& keywords() {
  static const std::vector<std::string> kKeywords = {
      "ADD",   "ARG",        "CMD",     "COPY", "ENTRYPOINT", "ENV",        "EXPOSE", "FROM",   "HEALTHCHECK",
      "LABEL", "MAINTAINER", "ONBUILD", "RUN",  "SHELL",      "STOPSIGNAL", "USER",   "VOLUME", "WORKDIR"};
  return kKeywords;
}

Body read_body(const Node& node, const std::string& keyword) {
  if (keyword == "FROM") return read_from(node);
  if (keyword == "RUN") return read_run(node);
  if (keyword == "COPY") return read_copy(node, false);
  if (keyword == "ADD") return read_copy(node, true);
  if (keyword == "ENV") return Env{read_pairs(node, "ENV")};
  if (keyword == "LABEL") return Label{read_pairs(node, "LABEL")};
  if (keyword == "ARG") return read_arg(node);
  if (keyword == "HEALTHCHECK") return read_healthcheck(node);
  if (keyword == "ONBUILD") return read_onbuild(node);
  if (keyword == "VOLUME") return read_volume(node);
  if (keyword == "SHELL") return read_shell(node);
  if (keyword == "EXPOSE") return read_expose(node);
  if (keyword == "STOPSIGNAL") {
    need_one(node, "STOPSIGNAL");
    return StopSignal{node.words[0]};
  }
  if (keyword != "CMD" && keyword != "ENTRYPOINT") need_one(node, keyword.c_str());
  no_flags(node);
  if (keyword == "CMD") return Cmd{read_command_line(node)};
  if (keyword == "ENTRYPOINT") return Entrypoint{read_command_line(node)};
  if (keyword == "WORKDIR") return Workdir{node.words[0]};
  if (keyword == "USER") return User{node.words[0]};
  return Maintainer{node.words[0]};
}

// The last comment line above a definition should be its description.
void lint_description(const Node& node, const char* name, const std::vector<std::string>& keys,
                      Linter& linter) {
  if (node.comments.empty() || keys.empty()) return;
  const std::string& comment = node.comments.back();
  if (std::find(keys.begin(), keys.end(), comment.substr(0, comment.find(' '))) != keys.end()) return;
  linter.report(Rule::kInvalidDefinitionDescription, node.lines,
                fmt::format("Comment for {} should follow the format: `# {} <description>`", name,
                            keys.size() > 1 ? "<arg_key>" : keys[0]));
}

void lint_from(const Node& node, Linter& linter) {
  if (node.words.size() == 3 && node.words[2] != base::to_lower(node.words[2])) {
    linter.report(Rule::kStageNameCasing, node.lines,
                  fmt::format("Stage name '{}' should be lowercase", node.words[2]));
  }
  if (node.words.size() < 3) return;
  bool lower = node.keyword == base::to_lower(node.keyword);
  bool upper = node.keyword == base::to_upper(node.keyword);
  if (!lower && !upper) return;
  const std::string& as = node.words[1];
  if (as != (lower ? base::to_lower(as) : base::to_upper(as))) {
    linter.report(Rule::kFromAsCasing, node.lines,
                  fmt::format("'{}' and '{}' keywords' casing do not match", as, node.keyword));
  }
}

void lint_definition(const Node& node, const Body& body, Linter& linter) {
  if (const auto* from = std::get_if<From>(&body)) {
    if (!from->name.empty()) lint_description(node, "FROM", {from->name}, linter);
  } else if (const auto* arg = std::get_if<Arg>(&body)) {
    std::vector<std::string> keys;
    for (const ArgDefinition& definition : arg->definitions) keys.push_back(definition.key);
    lint_description(node, "ARG", keys, linter);
  }
}

}  // namespace

Instruction read_instruction(const Node& node, Linter* linter) {
  std::string keyword = base::to_upper(node.keyword);
  if (std::find(keywords().begin(), keywords().end(), keyword) == keywords().end()) {
    base::Error error = failure(fmt::format("unknown instruction '{}'", node.keyword));
    std::string near = suggest(node.keyword, keywords(), false);
    throw error.hint(near.empty() ? "join it to the line above with '\\' if it belongs to it"
                                  : fmt::format("did you mean '{}'?", near));
  }
  LintScope scope(linter, node.comments);
  if (linter != nullptr && keyword == "FROM") lint_from(node, *linter);
  if (linter != nullptr && keyword == "MAINTAINER") {
    linter->report(Rule::kMaintainerDeprecated, node.lines,
                   "Maintainer instruction is deprecated in favor of using label");
  }
  Instruction instruction;
  instruction.keyword = node.keyword;
  instruction.code = std::string(trim_space(node.original));
  instruction.lines = node.lines;
  instruction.comments = node.comments;
  instruction.body = read_body(node, keyword);
  if (linter != nullptr) lint_definition(node, instruction.body, *linter);
  return instruction;
}

Program read_program(const Ast& ast, Linter* linter) {
  Program program;
  for (const Node& node : ast.nodes) {
    try {
      Instruction instruction = read_instruction(node, linter);
      if (std::holds_alternative<From>(instruction.body)) {
        program.stages.push_back({std::move(instruction), {}});
      } else if (!program.stages.empty()) {
        program.stages.back().instructions.push_back(std::move(instruction));
      } else if (std::holds_alternative<Arg>(instruction.body)) {
        program.global_args.push_back(std::move(instruction));
      } else {
        throw failure(fmt::format("'{}' stands above the first FROM", instruction.keyword))
            .hint("start the file with FROM; only ARG may stand above it");
      }
    } catch (base::Error& error) {
      throw located(error, *ast.source, node.lines);
    }
  }
  return program;
}

}  // namespace cooper::dockerfile
