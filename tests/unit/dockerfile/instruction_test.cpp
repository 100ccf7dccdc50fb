#include "dockerfile/instruction.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "dockerfile/git_ref.h"

namespace cooper::dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string failure(const std::string& line) {
  try {
    read_program(parse("FROM a\n" + line + "\n", "Dockerfile"), nullptr);
  } catch (const base::Error& error) {
    return error.message() + (error.hint().empty() ? "" : " / " + error.hint());
  }
  return "";
}

template <typename T>
T body_of(const std::string& line) {
  Program program = read_program(parse("FROM a\n" + line + "\n", "Dockerfile"), nullptr);
  return std::get<T>(program.stages.at(0).instructions.at(0).body);
}

TEST(DockerfileInstruction, SuggestsTheInstructionThatWasMeant) {
  EXPECT_EQ(failure("COYP . /app"), "unknown instruction 'COYP' / did you mean 'COPY'?");
}

TEST(DockerfileInstruction, PointsAtTheInstruction) {
  try {
    read_program(parse("FROM a\n\n  COYP . /app\n", "Dockerfile"), nullptr);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(
        error.render(),
        "Dockerfile:3:3: unknown instruction 'COYP'\n    COYP . /app\n    ^\nhint: did you mean 'COPY'?");
  }
}

TEST(DockerfileInstruction, ChecksFlags) {
  EXPECT_THAT(failure("COPY --form=x a b"), HasSubstr("unknown flag '--form' / did you mean '--from'?"));
  EXPECT_THAT(failure("COPY --from=x --from=y a b"), HasSubstr("repeats --from"));
  EXPECT_THAT(failure("COPY --from a b"), HasSubstr("needs a value"));
  EXPECT_THAT(failure("COPY --link=maybe a b"), HasSubstr("neither true nor false"));
  EXPECT_THAT(failure("RUN --network=some x"), HasSubstr("network mode 'some'"));
}

TEST(DockerfileInstruction, ChecksArguments) {
  for (const char* line :
       {"COPY a", "USER", "WORKDIR", "ENV", "SHELL sh", "VOLUME", "EXPOSE", "HEALTHCHECK", "ONBUILD",
        "ONBUILD ONBUILD RUN x", "ONBUILD FROM x", "HEALTHCHECK NONE x", "HEALTHCHECK TRY x",
        "HEALTHCHECK --retries=-1 CMD x", "HEALTHCHECK --interval=1us CMD x", "FROM a b", "FROM a AS 1",
        "COPY a <<EOF\nEOF", "ARG =x"}) {
    EXPECT_NE(failure(line), "") << line;
  }
}

TEST(DockerfileInstruction, ReadsHealthchecks) {
  auto health = body_of<Healthcheck>("HEALTHCHECK --interval=5s --retries=3 CMD curl -f x").check;
  EXPECT_THAT(health.test, ElementsAre("CMD-SHELL", "curl -f x"));
  EXPECT_EQ(health.interval, 5000000000);
  EXPECT_EQ(health.retries, 3);
}

TEST(DockerfileInstruction, ReadsHeredocSources) {
  auto copy = body_of<Copy>("COPY x <<A <<-'B' /d/\n$a\nA\n\tb\n\tB");
  EXPECT_THAT(copy.sources, ElementsAre("x"));
  ASSERT_EQ(copy.heredocs.size(), 2U);
  EXPECT_TRUE(copy.heredocs[0].expand);
  EXPECT_EQ(copy.heredocs[1].content, "b\n");
  EXPECT_FALSE(copy.heredocs[1].expand);
}

TEST(DockerfileInstruction, DocumentsStagesAndArguments) {
  Program program =
      read_program(parse("# V the version\nARG V=1\n# base what all share\nFROM a AS base\n", "D"), nullptr);
  EXPECT_EQ(std::get<Arg>(program.global_args[0].body).definitions[0].description, "the version");
  EXPECT_EQ(program.stages[0].header().description, "what all share");
}

TEST(DockerfileInstruction, KeepsTriggersAsWritten) {
  EXPECT_EQ(body_of<OnBuild>("ONBUILD   RUN <<E\nx\nE").expression, "RUN <<E\nx\nE");
}

class NoVariables final : public WordExpander {
 public:
  std::string expand_word(const std::string& word) override { return word; }
};

RunMount mount(const std::string& text) {
  NoVariables expander;
  return parse_mount(text, &expander);
}

TEST(DockerfileMount, ReadsCsv) {
  RunMount cache = mount("type=cache,target=/c,\"id=a,b\",sharing=LOCKED,mode=0700,uid=5");
  EXPECT_EQ(cache.type, MountType::kCache);
  EXPECT_EQ(cache.id, "a,b");
  EXPECT_EQ(cache.sharing, "locked");
  EXPECT_EQ(cache.mode, 0700U);
  EXPECT_FALSE(cache.read_only);
  EXPECT_TRUE(mount("target=/x").read_only);
  EXPECT_FALSE(mount("target=/x,rw").read_only);
  EXPECT_EQ(mount("type=tmpfs,target=/t,size=1g").size, std::int64_t{1} << 30);
}

TEST(DockerfileMount, RefusesWhatDoesNotFitTheType) {
  for (const char* text :
       {"typ=tmpfs", "type=tmp", "type=bind,mode=0700", "size=1g,type=tmpfs", "required,type=secret",
        "type=secret", "type=secret,id=a,source=b", "type=secret,id=a,from=b", "sharing=locked",
        "type=cache,sharing=some", "target", "type=ssh,uid=x", "a\"b", "\"a"}) {
    EXPECT_THROW(mount(text), base::Error) << text;
  }
  EXPECT_THROW(parse_mount("from=$X", nullptr), base::Error);
}

TEST(DockerfileGitRef, TellsRepositoriesFromFiles) {
  auto git = parse_git_ref("https://github.com/a/b.git#v1:sub");
  ASSERT_TRUE(git);
  EXPECT_EQ(git->remote, "https://github.com/a/b.git");
  EXPECT_EQ(git->ref, "v1");
  EXPECT_EQ(git->subdir, "sub");
  EXPECT_TRUE(parse_git_ref("git@github.com:a/b.git"));
  EXPECT_TRUE(parse_git_ref("ssh://git@host/a"));
  EXPECT_FALSE(parse_git_ref("https://host/file.tar"));
  EXPECT_FALSE(parse_git_ref("dir/file"));
  EXPECT_FALSE(parse_git_ref("./a@b:c"));
  EXPECT_TRUE(is_http_source("https://host/file.tar"));
  EXPECT_FALSE(is_http_source("https://host/b.git"));
}

TEST(DockerfileGitRef, ReadsQueriesAndRefusesConflicts) {
  auto git = parse_git_ref("https://h/b.git?tag=v1&keep-git-dir&submodules=false");
  ASSERT_TRUE(git);
  EXPECT_EQ(git->ref, "refs/tags/v1");
  EXPECT_EQ(git->keep_git_dir, true);
  EXPECT_EQ(git->submodules, false);
  EXPECT_THROW(parse_git_ref("https://h/b.git?ref=a#b"), base::Error);
  EXPECT_THROW(parse_git_ref("https://h/b.git?branch=a&tag=b"), base::Error);
  EXPECT_THROW(parse_git_ref("https://h/b.git?colour=red"), base::Error);
}

TEST(DockerfileGitRef, NamesTheFileOfAUrl) {
  EXPECT_EQ(http_filename("https://h/a/b.tar?x=/y"), "b.tar");
  EXPECT_EQ(http_filename("https://h/"), "__unnamed__");
  EXPECT_EQ(http_filename("https://h/a/.."), "__unnamed__");
}

}  // namespace
}  // namespace cooper::dockerfile
