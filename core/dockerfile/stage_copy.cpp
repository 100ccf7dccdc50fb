// COPY and ADD.
#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/git_ref.h"
#include "dockerfile/paths.h"
#include "dockerfile/quote.h"
#include "dockerfile/stage_builder.h"
#include "graph/url.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

bool is_octal(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
}

// One clause of a symbolic mode: [ugoa…][+-=][rwxXstugo…]… ; moves `position` past it.
bool skip_clause(const std::string& mode, std::size_t& position) {
  constexpr std::string_view kWho = "augo";
  constexpr std::string_view kOperators = "+-=";
  constexpr std::string_view kPermissions = "rstwXxugo";
  auto is_one_of = [&](std::string_view set) {
    return position < mode.size() && set.find(mode[position]) != std::string_view::npos;
  };
  while (is_one_of(kWho)) ++position;
  if (!is_one_of(kOperators)) return false;
  while (is_one_of(kOperators)) {
    ++position;
    while (is_one_of(kPermissions)) ++position;
  }
  return position == mode.size() || mode[position] == ',';
}

std::optional<graph::Owner> owner_of(const std::string& chown) {
  if (chown.empty()) return std::nullopt;
  std::size_t colon = chown.find(':');
  return graph::Owner{chown.substr(0, colon), colon == std::string::npos ? "" : chown.substr(colon + 1)};
}

graph::CopyAction make_action(const Copy& copy, std::string destination, int input) {
  graph::CopyAction action;
  action.input = input;
  action.destination = std::move(destination);
  action.owner = owner_of(copy.chown);
  action.mode = copy.chmod;
  action.excludes = copy.excludes;
  return action;
}

// What is fetched has one name, in which nothing is a wildcard.
graph::CopyAction make_literal_action(const Copy& copy, std::string destination, int input) {
  graph::CopyAction action = make_action(copy, std::move(destination), input);
  action.literal = true;
  action.follow_symlinks = false;
  action.allow_empty_wildcard = false;
  return action;
}

// Exceptions make it too hard to say what stays of a directory, so with them nothing is said. The root is
// only excluded by a pattern for everything.
bool excludes(const FrontendInput& input, const std::string& path) {
  const std::vector<std::string>& patterns = input.ignore_patterns;
  auto is_exception = [](const std::string& pattern) { return !pattern.empty() && pattern[0] == '!'; };
  if (std::any_of(patterns.begin(), patterns.end(), is_exception)) return false;
  auto is_all = [](const std::string& pattern) {
    return pattern == "*" || pattern == "**" || pattern == "**/*";
  };
  bool is_root = path == "." || path == "/";
  if (is_root && std::none_of(patterns.begin(), patterns.end(), is_all)) return false;
  return input.is_ignored(path);
}

// A source of --parents keeps its pivot: "/a/./b/c" means that "b/c" is kept.
std::string parents_source(const std::string& source) {
  std::size_t pivot = source.find("/./");
  if (pivot == std::string::npos) return clean_path("/" + source);
  std::string below = clean_path("/" + source.substr(pivot + 3));
  std::string above = clean_path("/" + source.substr(0, pivot));
  return (above == "/" ? "" : above) + "/." + below;
}

std::string fetch_name(const std::string& url) {
  return "[internal] fetch " + graph::without_credentials(url);
}

}  // namespace

void check_mode(const std::string& mode) {
  if (mode.empty()) return;
  bool numeric = mode[0] >= '0' && mode[0] <= '9';
  if (numeric || is_octal(mode)) {
    std::size_t digits = mode.size() - std::min(mode.find_first_not_of('0'), mode.size());
    if (is_octal(mode) && digits <= 4) return;
    throw failure(fmt::format("--chmod '{}' is no mode", mode))
        .hint("use an octal number between 0 and 07777");
  }
  std::size_t position = 0;
  while (skip_clause(mode, position)) {
    if (position == mode.size()) return;
    ++position;
  }
  throw failure(fmt::format("--chmod '{}' is no mode", mode)).hint("write it as 0755 or u=rwX,go=rX");
}

Copy StageBuilder::expand_copy(const Copy& copy) {
  Copy expanded = copy;
  expanded.chown = expand_word(copy.chown);
  expanded.chmod = expand_word(copy.chmod);
  expanded.checksum = expand_word(copy.checksum);
  for (std::string& pattern : expanded.excludes) pattern = expand_word(pattern);
  for (std::string& source : expanded.sources) source = expand_word(source);
  expanded.destination = expand_word(copy.destination);
  for (HeredocSource& heredoc : expanded.heredocs) {
    if (heredoc.expand) heredoc.content = expand_raw(heredoc.content);
  }
  return expanded;
}

void StageBuilder::check_copy(const Copy& copy) const {
  check_mode(copy.chmod);
  if (copy.checksum.empty()) return;
  if (copy.sources.size() != 1)
    throw failure("--checksum is for a single source").hint("give each source an ADD of its own");
  bool known_git = copy.keep_git_dir.has_value();
  if (!is_http_source(copy.sources[0]) && !parse_git_ref(copy.sources[0], known_git)) {
    throw failure(
        fmt::format("'{}' is no URL and no git repository, so it takes no --checksum", copy.sources[0]))
        .hint("remove the flag; files of the context need none");
  }
}

// The vertex that local sources are read from.
int StageBuilder::copy_source(const Copy& copy) const {
  auto source = static_cast<std::size_t>(command_->sources[0]);
  const StageState& state = context_.states[source];
  if (!state.dispatched) {
    throw failure(fmt::format("stage '{}' comes after the stage that copies from it", copy.from))
        .hint(fmt::format("move it above '{}'", plan_stage().name));
  }
  return state.vertex;
}

void StageBuilder::lint_ignored(const Copy& copy, const std::string& source) {
  if (!context_.input.is_ignored || !command_->sources.empty()) return;
  std::string path = clean_path(source);
  if (!excludes(context_.input, path)) return;
  linter_.report(Rule::kCopyIgnoredFile, instruction_->lines,
                 fmt::format("Attempting to {} file {} that is excluded by .dockerignore",
                             copy.is_add ? "Add" : "Copy", quote(path)));
}

void StageBuilder::add_local_source(graph::Vertex& vertex, const Copy& copy, const std::string& source,
                                    int input) {
  lint_ignored(copy, source);
  auto& actions = std::get<graph::File>(vertex.op).actions;
  std::string destination = destination_path(state_.directory, own_path(copy.destination));
  graph::CopyAction action = make_action(copy, std::move(destination), input);
  action.keep_parents = copy.parents;
  action.unpack_archives = copy.unpack.value_or(copy.is_add);
  action.sources = {copy.parents ? parents_source(source) : clean_path("/" + source)};
  // Sources in a row that are treated alike are one action.
  if (!actions.empty()) {
    auto* last = std::get_if<graph::CopyAction>(&actions.back());
    if (last != nullptr && last->input == input && !last->literal) {
      last->sources.push_back(action.sources[0]);
      return;
    }
  }
  actions.emplace_back(std::move(action));
}

void StageBuilder::add_git_source(graph::Vertex& vertex, const Copy& copy, const std::string& source) {
  GitRef git = *parse_git_ref(source, copy.keep_git_dir.has_value());
  if (!copy.is_add)
    throw failure(fmt::format("source '{}' is a git repository, which COPY does not take", source))
        .hint("use ADD");
  if (copy.keep_git_dir && git.keep_git_dir && *copy.keep_git_dir != *git.keep_git_dir) {
    throw failure("--keep-git-dir and the git URL disagree").hint("say it in one place");
  }
  if (!copy.checksum.empty() && !git.checksum.empty() && copy.checksum != git.checksum) {
    throw failure(fmt::format("checksums '{}' and '{}' disagree", copy.checksum, git.checksum))
        .hint("say it in one place");
  }
  graph::GitSource op;
  op.url = git.remote;
  op.ref = git.ref;
  op.subdir = git.subdir;
  op.checksum = git.checksum.empty() ? copy.checksum : git.checksum;
  op.keep_git_dir = git.keep_git_dir.value_or(copy.keep_git_dir.value_or(false));
  op.submodules = git.submodules.value_or(true);
  graph::Vertex fetch;
  fetch.op = std::move(op);
  vertex.inputs.push_back(add_internal_vertex(std::move(fetch), fetch_name(git.remote)));
  graph::CopyAction action =
      make_literal_action(copy, destination_path(state_.directory, own_path(copy.destination)),
                          static_cast<int>(vertex.inputs.size()) - 1);
  action.sources = {"/"};
  std::get<graph::File>(vertex.op).actions.emplace_back(std::move(action));
}

void StageBuilder::add_http_source(graph::Vertex& vertex, const Copy& copy, const std::string& source) {
  if (!copy.is_add)
    throw failure(fmt::format("source '{}' is a URL, which COPY does not take", source)).hint("use ADD");
  graph::HttpSource op;
  op.url = source;
  op.filename = http_filename(source);
  if (!copy.checksum.empty()) {
    op.checksum = base::Digest::parse(copy.checksum);
    if (!op.checksum) {
      throw failure(fmt::format("checksum '{}' is not valid", copy.checksum))
          .hint("write it as sha256:<64 hex digits>");
    }
  }
  std::string filename = "/" + op.filename;
  graph::Vertex fetch;
  fetch.op = std::move(op);
  vertex.inputs.push_back(add_internal_vertex(std::move(fetch), fetch_name(source)));
  graph::CopyAction action =
      make_literal_action(copy, destination_path(state_.directory, own_path(copy.destination)),
                          static_cast<int>(vertex.inputs.size()) - 1);
  action.sources = {std::move(filename)};
  action.unpack_archives = copy.unpack.value_or(false);
  std::get<graph::File>(vertex.op).actions.emplace_back(std::move(action));
}

// Heredocs become files of a vertex of their own, so that the copy decides between file and directory.
void StageBuilder::add_heredocs(graph::Vertex& vertex, const Copy& copy) {
  if (copy.heredocs.empty()) return;
  graph::File files;
  std::vector<std::string> names;
  for (const HeredocSource& heredoc : copy.heredocs) {
    graph::MkfileAction file;
    file.path = clean_path("/" + heredoc.name);
    file.content = heredoc.content;
    names.push_back(file.path);
    files.actions.emplace_back(std::move(file));
  }
  graph::Vertex document;
  document.op = std::move(files);
  document.inputs = {graph::kScratch};
  vertex.inputs.push_back(add_internal_vertex(std::move(document), "[internal] preparing inline document"));
  graph::CopyAction action =
      make_literal_action(copy, destination_path(state_.directory, own_path(copy.destination)),
                          static_cast<int>(vertex.inputs.size()) - 1);
  action.sources = std::move(names);
  std::get<graph::File>(vertex.op).actions.emplace_back(std::move(action));
}

void StageBuilder::finish_copy(graph::Vertex vertex, const Copy& copy) {
  std::string shown = shown_code(context_.plan.word_options(), state_.environment, instruction_->code);
  std::string name = step_name(shown);
  std::string history = copy.is_add ? "ADD" : "COPY";
  if (copy.parents) history += " --parents";
  if (!copy.chown.empty()) history += " --chown=" + copy.chown;
  if (!copy.chmod.empty()) history += " --chmod=" + copy.chmod;
  for (const std::string& source : copy.sources) history += " " + source;
  for (const HeredocSource& heredoc : copy.heredocs) history += " <<" + heredoc.name;
  history += " " + copy.destination + " # buildkit";

  int base = root();
  bool linked = copy.link && copy.chmod.empty() && base != graph::kScratch;
  vertex.inputs[0] = linked ? graph::kScratch : base;
  int layer = 0;
  if (linked) {
    int own = add_internal_vertex(std::move(vertex), name);
    graph::Vertex merge;
    merge.op = graph::Merge{};
    merge.inputs = {base, own};
    layer = add_vertex(std::move(merge), name + " (link)");
  } else {
    layer = add_vertex(std::move(vertex), name);
  }
  add_history(std::move(history), layer);
}

void StageBuilder::apply(const Copy& written) {
  Copy copy = expand_copy(written);
  check_copy(copy);
  graph::Vertex vertex;
  vertex.op = graph::File{};
  vertex.inputs = {graph::kScratch};
  std::optional<int> from;
  if (!command_->sources.empty()) from = copy_source(copy);
  int local_input = 0;
  for (const std::string& source : copy.sources) {
    bool known_git = copy.keep_git_dir.has_value();
    if (!known_git && is_http_source(source)) {
      add_http_source(vertex, copy, source);
    } else if (parse_git_ref(source, known_git)) {
      add_git_source(vertex, copy, source);
    } else {
      if (local_input == 0) {
        vertex.inputs.push_back(from ? *from : main_context());
        local_input = static_cast<int>(vertex.inputs.size()) - 1;
      }
      add_local_source(vertex, copy, source, local_input);
    }
  }
  add_heredocs(vertex, copy);
  finish_copy(std::move(vertex), copy);
}

}  // namespace cooper::dockerfile
