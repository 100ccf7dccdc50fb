// Nodes read as instructions: which arguments and flags each takes, with everything that needs no variable
// checked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dockerfile/ast.h"
#include "oci/image_config.h"

namespace cooper::dockerfile {

struct KeyValue {
  std::string key;
  std::string value;
  bool legacy = false;  // "ENV key value"
};

struct ArgDefinition {
  std::string key;
  std::optional<std::string> value;
  std::string description;  // from the comment above
};

struct Env {
  std::vector<KeyValue> pairs;
};
struct Label {
  std::vector<KeyValue> pairs;
};
struct Arg {
  std::vector<ArgDefinition> definitions;
};
struct Maintainer {
  std::string name;
};
struct Workdir {
  std::string path;
};
struct User {
  std::string user;
};
struct StopSignal {
  std::string signal;
};
struct OnBuild {
  std::string expression;
};
struct Expose {
  std::vector<std::string> ports;
};
struct Volume {
  std::vector<std::string> paths;
};
struct Shell {
  std::vector<std::string> argv;
};
struct Healthcheck {
  oci::Healthcheck check;
};

// RUN, CMD, ENTRYPOINT: argv, or one string for the shell.
struct CommandLine {
  std::vector<std::string> argv;
  bool through_shell = true;
  std::vector<Heredoc> heredocs;
};
struct Cmd {
  CommandLine line;
};
struct Entrypoint {
  CommandLine line;
};

enum class MountType { kBind, kCache, kTmpfs, kSecret, kSsh };
const char* mount_type_name(MountType type);

// One --mount, with its variables expanded or not (parse_mount()).
struct RunMount {
  MountType type = MountType::kBind;
  std::string from;
  std::string source;
  std::string target;
  std::string id;
  std::string sharing;  // "shared", "private", "locked", "" for the default
  std::optional<std::string> env;
  bool read_only = true;
  bool required = false;
  std::int64_t size = 0;
  std::optional<std::uint32_t> mode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};

struct Run {
  CommandLine line;
  std::vector<std::string> mount_flags;  // unexpanded
  std::vector<RunMount> mounts;  // as far as they are known without variables: type and from are not final
  std::string network = "default";
  std::string security = "sandbox";
  std::vector<std::string> devices;
  std::vector<std::string> flags_used;
};

struct HeredocSource {
  std::string name;
  std::string content;
  bool expand = true;
};

// COPY and ADD.
struct Copy {
  bool is_add = false;
  std::vector<std::string> sources;
  std::vector<HeredocSource> heredocs;
  std::string destination;
  std::string from;
  std::string chown;
  std::string chmod;
  std::string checksum;
  std::vector<std::string> excludes;
  bool link = false;
  bool parents = false;
  std::optional<bool> keep_git_dir;
  std::optional<bool> unpack;
};

struct From {
  std::string base;
  std::string name;  // lower case, "" without AS
  std::string platform;
  std::string description;
};

using Body = std::variant<From, Run, Copy, Env, Label, Arg, Workdir, User, Cmd, Entrypoint, Healthcheck,
                          Expose, Volume, Shell, StopSignal, OnBuild, Maintainer>;

struct Instruction {
  std::string keyword;  // as written
  std::string code;     // the whole instruction on one line, without heredoc bodies
  Lines lines;
  std::vector<std::string> comments;
  Body body;
};

struct Stage {
  Instruction from;
  std::vector<Instruction> instructions;

  const From& header() const { return std::get<From>(from.body); }
};

struct Program {
  std::vector<Instruction> global_args;
  std::vector<Stage> stages;
};

class Linter;

// Each throws Error{kDockerfile}; read_program() adds the place. `linter` may be null.
Instruction read_instruction(const Node& node, Linter* linter);
Program read_program(const Ast& ast, Linter* linter);

// Reads one --mount value. Without `expander`, options whose value may hold variables are left for later.
class WordExpander {
 public:
  virtual ~WordExpander() = default;
  virtual std::string expand_word(const std::string& word) = 0;
};
RunMount parse_mount(const std::string& text, WordExpander* expander);

// One CSV record. Throws Error{kDockerfile}.
std::vector<std::string> csv_fields(std::string_view text);

}  // namespace cooper::dockerfile
