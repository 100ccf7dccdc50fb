#include "tests/e2e/equivalence/edit.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <sys/stat.h>

namespace cooper::equivalence {
namespace {

constexpr std::int64_t kBetweenCommits = 1000;  // seconds

class Editor {
 public:
  Editor(State state, Draw& draw, Instructions& instructions)
      : state_(std::move(state)), draw_(draw), instructions_(instructions) {}

  State edit() {
    using Edit = void (Editor::*)();
    static constexpr std::array<Edit, 25> kEdits = {
        &Editor::change_content,    &Editor::change_content, &Editor::touch,         &Editor::change_mode,
        &Editor::rename_file,       &Editor::remove_file,    &Editor::add_file,      &Editor::change_link,
        &Editor::change_ignored,    &Editor::change_args,    &Editor::change_args,   &Editor::add_line,
        &Editor::add_line,          &Editor::replace_line,   &Editor::replace_line,  &Editor::remove_line,
        &Editor::tweak_line,        &Editor::tweak_line,     &Editor::tweak_line,    &Editor::swap_lines,
        &Editor::move_base,         &Editor::rename_stage,   &Editor::change_target, &Editor::change_epoch,
        &Editor::change_compression};
    (this->*kEdits[draw_.below(kEdits.size())])();
    return std::move(state_);
  }

 private:
  Node& node() { return state_.nodes[draw_.below(state_.nodes.size())]; }

  // Of the same length or not, and rarely with another time: what a cache of digests must notice.
  void change_content() {
    Node& changed = node();
    if (changed.kind != Node::Kind::kFile && changed.kind != Node::Kind::kTar) return touch();
    changed.content = instructions_.word();
    if (draw_.one_in(3)) changed.mtime = some_time(draw_);
    state_.edit = "content of " + changed.path;
  }

  void touch() {
    Node& touched = node();
    touched.mtime = some_time(draw_);
    state_.edit = "time of " + touched.path;
  }

  void change_mode() {
    Node& changed = node();
    if (changed.kind == Node::Kind::kSymlink || changed.kind == Node::Kind::kHardlink) return touch();
    changed.mode ^= draw_.one_in(2) ? S_IXUSR | S_IXGRP | S_IXOTH : S_IROTH;
    if (changed.kind == Node::Kind::kDirectory) changed.mode |= S_IRWXU;
    state_.edit = "mode of " + changed.path;
  }

  void rename_file() {
    Node& renamed = node();
    if (renamed.kind == Node::Kind::kDirectory) return touch();
    state_.edit = "another name for " + renamed.path;
    renamed.path += draw_.of({"~", ".txt", "2"});
  }

  void remove_file() {
    const std::size_t which = draw_.below(state_.nodes.size());
    state_.edit = "removal of " + state_.nodes[which].path;
    state_.nodes.erase(state_.nodes.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void add_file() {
    const std::string path = draw_.of({"dir/new", "dir/deep/new.txt", "new.txt", "dir/b.txt/x"});
    const bool is_taken = std::any_of(state_.nodes.begin(), state_.nodes.end(), [&](const Node& existing) {
      return existing.path == path || path.starts_with(existing.path + "/x");
    });
    if (is_taken || path.ends_with("/x")) return touch();
    const bool is_link = draw_.one_in(4);
    state_.nodes.push_back({instructions_.line("").id, is_link ? Node::Kind::kSymlink : Node::Kind::kFile,
                            path, instructions_.word(), 0644, some_time(draw_)});
    state_.edit = "new file " + path;
  }

  void change_link() {
    for (Node& link : state_.nodes) {
      if (link.kind != Node::Kind::kSymlink) continue;
      link.content = draw_.of({"b.txt", "elsewhere", "/", "deep", "../a.txt", "with space"});
      state_.edit = "target of " + link.path;
      return;
    }
    touch();
  }

  void change_ignored() {
    state_.edit = "another .dockerignore";
    if (!state_.ignored.empty() && draw_.one_in(2)) {
      state_.ignored.pop_back();
      return;
    }
    state_.ignored.push_back(
        instructions_.line(draw_.of({"dir/deep", "*.txt", "!a.txt", "**/new*", "dir/l*", "# nothing"})));
  }

  void change_args() {
    state_.edit = "another --build-arg";
    switch (draw_.below(5)) {
      case 0:
        state_.build_args["PLACE"] = draw_.of({"file", "dir/deep", "a.txt"});
        break;
      case 1:
        state_.build_args["OWNER"] = draw_.of({"root", "1000", "daemon"});
        break;
      case 2:
        state_.build_args["MODE"] = draw_.of({"600", "755", "a-w"});
        break;
      case 3:
        state_.build_args["FROM"] = draw_.of({"base", "other"});
        break;
      default:
        state_.build_args["VERSION"] = instructions_.word();
        break;
    }
  }

  std::size_t stage() { return draw_.below(state_.stages.size()); }

  // The first lines of a stage are what the others count on.
  std::ptrdiff_t position(const Stage& stage, bool past_the_end) {
    const std::size_t fixed = std::min<std::size_t>(stage.lines.size(), stage.has_shell ? 2 : 3);
    const std::size_t choices = stage.lines.size() - fixed + (past_the_end ? 1 : 0);
    return choices == 0 ? -1 : static_cast<std::ptrdiff_t>(fixed + draw_.below(choices));
  }

  void add_line() {
    const std::size_t where = stage();
    Stage& edited = state_.stages[where];
    Line line = instructions_.any(state_, where);
    state_.edit = "new instruction " + line.text;
    edited.lines.insert(edited.lines.begin() + position(edited, true), std::move(line));
  }

  void replace_line() {
    const std::size_t where = stage();
    Stage& edited = state_.stages[where];
    const std::ptrdiff_t at = position(edited, false);
    if (at < 0) return add_line();
    Line line = instructions_.any(state_, where);
    state_.edit = "instead of " + edited.lines[at].text + ": " + line.text;
    edited.lines[at] = std::move(line);
  }

  // One word for another of its kind: the smallest change, of which a step's files may show little or
  // nothing.
  void tweak_line() {
    static const std::vector<std::vector<std::string>> kKinds = {
        {"2001-02-03", "2020-01-01", "2022-06-15"},
        {" 600", " 644", " 4755", " 4711"},
        {"=640", "=4755"},
        {" one", " two", " three"},
        {"=one", "=two", "=three"},
        {"/one", "/two", "/three"},
        {"cp -a", "cp -r", "cp -rp"},
        {"ln -f ", "cp -p ", "cp "},
        {"$VERSION", "$NAME"},
    };
    Stage& edited = state_.stages[stage()];
    const std::vector<std::string>& kind = draw_.of(kKinds);
    for (Line& line : edited.lines) {
      for (const std::string& word : kind) {
        const std::size_t found = line.text.find(word);
        if (found == std::string::npos) continue;
        const std::string before = line.text;
        line.text.replace(found, word.size(), draw_.of(kind));
        state_.edit = "instead of " + before + ": " + line.text;
        return;
      }
    }
    replace_line();
  }

  void remove_line() {
    Stage& edited = state_.stages[stage()];
    const std::ptrdiff_t at = position(edited, false);
    if (at < 0) return touch();
    state_.edit = "without " + edited.lines[at].text;
    edited.lines.erase(edited.lines.begin() + at);
  }

  void swap_lines() {
    Stage& edited = state_.stages[stage()];
    const std::ptrdiff_t one = position(edited, false);
    if (one < 0) return touch();
    const std::ptrdiff_t other = position(edited, false);
    state_.edit = "another order of instructions";
    std::swap(edited.lines[one], edited.lines[other]);
  }

  void move_base() {
    const std::string name = draw_.one_in(3) ? "other" : "base";
    state_.bases[name] = (state_.bases[name] + 1) % 3;
    state_.edit = "another image behind " + name;
  }

  void rename_stage() {
    Stage& renamed = state_.stages[stage()];
    state_.edit = "another name for stage " + renamed.name;
    renamed.name += "n";
  }

  void change_target() {
    state_.target = draw_.one_in(2) ? -1 : state_.stages[stage()].id;
    state_.edit = "another --target";
  }

  void change_epoch() {
    if (!state_.epoch) return touch();
    state_.epoch = some_time(draw_);
    state_.edit = "another SOURCE_DATE_EPOCH";
  }

  void change_compression() {
    state_.compression = state_.compression == "gzip" ? "zstd" : "gzip";
    state_.edit = "another compression";
  }

  State state_;
  Draw& draw_;
  Instructions& instructions_;
};

}  // namespace

std::int64_t some_time(Draw& draw) {
  static const std::vector<std::int64_t> kTimes = {1'000'000'000, 1'577'836'800, 1'600'000'000, 1'655'294'400,
                                                   1'700'000'000, 1'710'000'000, 1'750'000'000};
  return draw.of(kTimes);
}

State next_state(const Case& life, Draw& draw, Instructions& instructions) {
  State state;
  if (life.states.size() > 1 && draw.one_in(5)) {
    const std::size_t which = draw.below(life.states.size() - 1);
    state = life.states[which];
    state.edit = fmt::format("state {} once more", which);
  } else {
    state = Editor(life.states.back(), draw, instructions).edit();
    // Two at once are one commit with more in it.
    if (draw.one_in(3)) {
      const std::string first = state.edit;
      state = Editor(std::move(state), draw, instructions).edit();
      state.edit = first + "; " + state.edit;
    }
  }
  if (life.is_git_work_tree) {
    state.commit_time = life.states.back().commit_time + kBetweenCommits;
  }
  return state;
}

}  // namespace cooper::equivalence
