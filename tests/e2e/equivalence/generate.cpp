#include "tests/e2e/equivalence/generate.h"

#include <fmt/format.h>

#include "tests/e2e/equivalence/edit.h"

namespace cooper::equivalence {
namespace {

// For a git work tree; after the times of the bases, before today.
constexpr std::int64_t kFirstCommit = 1'720'000'000;

class Beginning {
 public:
  Beginning(Draw& draw, int& next_id, bool has_run)
      : draw_(draw), next_id_(next_id), instructions_(draw, next_id, has_run) {}

  State make() {
    state_.edit = "the first build";
    state_.bases = {{"base", static_cast<int>(draw_.below(2))}, {"other", 2}};
    state_.epoch = some_time(draw_);
    state_.commit_time = kFirstCommit;
    if (draw_.one_in(4)) state_.compression = "zstd";
    add_context();
    state_.arguments = {instructions_.line("ARG VERSION=first"), instructions_.line("ARG FROM=base")};
    const std::size_t count = 2 + draw_.below(4);
    for (std::size_t i = 0; i < count; ++i) add_stage(i);
    return std::move(state_);
  }

 private:
  void add(Node::Kind kind, const std::string& path, const std::string& content, mode_t mode = 0644) {
    state_.nodes.push_back({next_id_++, kind, path, content, mode, some_time(draw_)});
  }

  void maybe(Node::Kind kind, const std::string& path, const std::string& content, mode_t mode = 0644) {
    if (!draw_.one_in(3)) add(kind, path, content, mode);
  }

  void add_context() {
    using Kind = Node::Kind;
    add(Kind::kFile, "file", instructions_.word());
    add(Kind::kFile, "a.txt", instructions_.word());
    add(Kind::kDirectory, "dir", "", 0755);
    add(Kind::kFile, "dir/b.txt", instructions_.word(), draw_.one_in(2) ? 0644 : 0755);
    add(Kind::kFile, "dir/deep/c", instructions_.word());
    add(Kind::kTar, "archive.tar", instructions_.word());
    maybe(Kind::kFile, "dir/with space", instructions_.word());
    maybe(Kind::kFile, "dir/\xff\xfe", instructions_.word());
    maybe(Kind::kFile, "dir/-dash", instructions_.word());
    maybe(Kind::kFile, "dir/run", "#!/bin/sh\n", 0755);
    maybe(Kind::kFile, "secret.txt", instructions_.word(), 0600);
    maybe(Kind::kSymlink, "dir/link", draw_.of({"b.txt", "nowhere", "/etc/passwd", "deep", "../file"}));
    maybe(Kind::kHardlink, "dir/hard", "dir/b.txt");
    maybe(Kind::kDirectory, "dir/empty", "", 0700);
    if (draw_.one_in(2))
      state_.ignored.push_back(instructions_.line(draw_.of({"secret.txt", "**/*space", "dir/run"})));
  }

  void add_stage(std::size_t index) {
    Stage stage;
    stage.id = next_id_++;
    stage.name = fmt::format("s{}", stage.id);
    stage.from = from(index, stage);
    state_.stages.push_back(std::move(stage));
    // What COPY --from and the commands of RUN count on.
    add_line(index, instructions_.line("ARG VERSION\nARG PLACE=dir/b.txt\nARG OWNER=app\nARG MODE=750"));
    if (!state_.stages[index].has_shell) {
      add_line(index, instructions_.line("COPY --from=base /etc /etc"));
    }
    add_line(index, instructions_.line("COPY file /out/start", "/out/start"));
    for (std::size_t count = 1 + draw_.below(5); count > 0; --count) {
      add_line(index, instructions_.any(state_, index));
    }
  }

  std::string from(std::size_t index, Stage& stage) {
    if (index > 0 && draw_.one_in(3)) {
      const Stage& parent = state_.stages[draw_.below(index)];
      stage.has_shell = parent.has_shell;
      return fmt::format("{{stage:{}}}", parent.id);
    }
    if (draw_.one_in(6)) {
      stage.has_shell = false;
      return "scratch";
    }
    return draw_.of({"base", "base", "other", "$FROM"});
  }

  void add_line(std::size_t stage, Line line) { state_.stages[stage].lines.push_back(std::move(line)); }

  Draw& draw_;
  int& next_id_;
  Instructions instructions_;
  State state_;
};

void draw_means(Case& life, Draw& draw, const Possible& possible) {
  switch (draw.below(6)) {
    case 0:
      life.has_directory_cache = true;
      break;
    case 1:
      life.has_directory_cache = true;
      life.keeps_store = true;
      break;
    case 2:
      life.has_registry_cache = possible.registry;
      life.has_directory_cache = !possible.registry || draw.one_in(3);
      life.pushes = possible.registry && draw.one_in(2);
      break;
    default:
      life.keeps_store = true;
      break;
  }
  life.builds_twice_at_once = draw.one_in(10);
  life.is_git_work_tree = possible.git && draw.one_in(8);
  life.has_dockerfile_in_context = draw.one_in(4);
}

}  // namespace

Case generate(std::uint64_t seed, const Possible& possible) {
  Draw draw(seed);
  int next_id = 1;
  Case life;
  life.seed = seed;
  draw_means(life, draw, possible);
  life.states.push_back(Beginning(draw, next_id, possible.run).make());
  if (life.is_git_work_tree) life.states.front().epoch.reset();
  Instructions instructions(draw, next_id, possible.run);
  for (std::size_t edits = 2 + draw.below(2); edits > 0; --edits) {
    life.states.push_back(next_state(life, draw, instructions));
  }
  return life;
}

}  // namespace cooper::equivalence
