#include <gmock/gmock.h>

#include "dockerfile/outline.h"
#include "frontend_fixture.h"

namespace cooper::dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DockerfileLower, PairsHistoryWithLayers) {
  Built built = build("FROM debian\nENV A=1\nRUN make\nCOPY a /b\nWORKDIR /w\nCMD [\"x\"]\n");
  EXPECT_THAT(built.history(), ElementsAre("ENV A=1", "RUN /bin/sh -c make # buildkit",
                                           "COPY a /b # buildkit", "WORKDIR /w", "CMD [\"x\"]"));
  ASSERT_EQ(built.lowered.layer_vertices.size(), 3U);
  EXPECT_EQ(built.lowered.root, built.lowered.layer_vertices.back());
  EXPECT_EQ(built.lowered.base_layers, 1U);
  EXPECT_TRUE(std::holds_alternative<graph::Exec>(built.vertex(built.lowered.layer_vertices[0]).op));
  std::size_t layers = 0;
  for (const oci::History& entry : built.lowered.config.history) layers += entry.empty_layer ? 0U : 1U;
  EXPECT_EQ(layers, 3U);
}

TEST(DockerfileLower, NamesStepsAsTheyAreShown) {
  Built built = build("FROM debian AS builder\nRUN make $A\nFROM scratch\nCOPY --from=builder /a /\n");
  EXPECT_EQ(built.root().info.name, "[stage-1 1/1] COPY --from=builder /a /");
  EXPECT_EQ(built.vertex(1).info.name, "[builder 2/2] RUN make $A");
  EXPECT_THAT(built.vertex(0).info.name,
              HasSubstr("[builder 1/2] FROM docker.io/library/debian:latest@sha256:"));
  EXPECT_EQ(built.root().info.range.start_line, 4);
}

TEST(DockerfileLower, AsksOnlyForReachableBases) {
  Built built = build("FROM a AS one\nFROM b AS two\nRUN x\nFROM one\nCOPY --from=c /x /\n");
  EXPECT_THAT(built.images.asked, ElementsAre("docker.io/library/a:latest", "docker.io/library/c:latest"));
  EXPECT_EQ(built.images.rounds, 1);
}

TEST(DockerfileLower, ToldBasesMatchThoseThatAreAskedFor) {
  FrontendInput input = amd64_input();
  Plan plan = resolve(parse("FROM a AS x\nFROM --platform=linux/arm64 b\nCOPY --from=x / /\n", "D"), input);
  auto requests = bases_needed(plan, input);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].platform.architecture, "arm64");
}

// Has nothing.
class NoImages final : public ImageResolver {
 public:
  ResolvedImage resolve(const std::string& reference, const oci::Platform&) override {
    throw base::Error(base::ErrorKind::kRegistry, "image '" + reference + "' does not exist");
  }
};

std::string missing_base(const std::string& text) {
  FrontendInput input = amd64_input();
  NoImages images;
  graph::Definition graph;
  try {
    lower(resolve(parse(text, "Dockerfile"), input), input, images, graph);
  } catch (const base::Error& error) {
    return error.render();
  }
  return "";
}

TEST(DockerfileLower, ABaseThatCannotBeHadIsShownWhereItIsNamed) {
  EXPECT_EQ(missing_base("FROM scratch AS a\nFROM --platform=linux/amd64 internal/image\n"),
            "Dockerfile:2:29: image 'docker.io/internal/image:latest' does not exist\n"
            "  FROM --platform=linux/amd64 internal/image\n"
            "                              ^");
  EXPECT_EQ(missing_base("FROM scratch AS builder\nFROM scratch\nCOPY --from=bilder /a /\n"),
            "Dockerfile:3:13: image 'docker.io/library/bilder:latest' does not exist\n"
            "  COPY --from=bilder /a /\n"
            "              ^\n"
            "hint: did you mean 'builder'?");
  EXPECT_THAT(missing_base("FROM scratch\nRUN --mount=from=scratch,target=/a --mount=from=b/c,target=/b x\n"),
              HasSubstr("Dockerfile:2:49: "));
  EXPECT_THAT(missing_base("FROM apline:3.20\n"), HasSubstr("hint: did you mean 'alpine'?"));
}

TEST(DockerfileLower, TriggersRunFirstAndMayNeedAnotherRound) {
  FakeImages images;
  oci::ImageConfig config;
  config.config.on_build = {"COPY --from=tools /t /t", "ENV X=1"};
  config.diff_ids = {base::sha256("base")};
  images.configs["docker.io/library/parent:latest"] = config;
  Built built = build("FROM parent\nRUN last\n", amd64_input(), images);
  EXPECT_EQ(built.images.rounds, 2);
  EXPECT_THAT(built.history(),
              ElementsAre("COPY /t /t # buildkit", "ENV X=1", "RUN /bin/sh -c last # buildkit"));
  EXPECT_THAT(built.lowered.config.config.on_build, IsEmpty());
}

TEST(DockerfileLower, ImagesThatAreOnlyReadFromTriggerNothing) {
  FakeImages images;
  oci::ImageConfig config;
  config.config.on_build = {"COPY --from=again /t /t"};
  config.diff_ids = {base::sha256("base")};
  images.configs["docker.io/library/again:latest"] = config;
  Built built = build("FROM a\nCOPY --from=again /x /\n", amd64_input(), images);
  EXPECT_THAT(built.history(), ElementsAre("COPY /x / # buildkit"));
  EXPECT_EQ(built.images.rounds, 1);
}

TEST(DockerfileLower, InheritsStagesButNotTheirTriggers) {
  Built built = build("FROM a AS base\nARG V=1\nENV E=2\nWORKDIR /w\nONBUILD ENV T=3\nFROM base\nRUN x\n");
  const auto& exec = std::get<graph::Exec>(built.root().op);
  EXPECT_THAT(exec.env, ElementsAre("V=1", "PATH=/bin", "E=2", "T=3"));
  EXPECT_EQ(exec.cwd, "/w");
  EXPECT_THAT(built.lowered.config.config.on_build, IsEmpty());
  EXPECT_EQ(built.history().back(), "RUN |1 V=1 /bin/sh -c x # buildkit");
}

TEST(DockerfileLower, ArgumentsComeFromBuildArgsThenDefaultsThenGlobals) {
  FrontendInput input = amd64_input();
  input.build_args = {{"A", "given"}, {"UNUSED", "x"}, {"HTTP_PROXY", "http://p"}};
  Built built =
      build("ARG G=global\nFROM scratch\nARG A=default\nARG B=def-$A\nARG G\nARG N\nRUN x\n", input);
  EXPECT_EQ(built.history()[0], "ARG A=given");
  EXPECT_EQ(built.history()[1], "ARG B=def-given");
  EXPECT_EQ(built.history()[2], "ARG G=global");
  EXPECT_EQ(built.history()[3], "ARG N");
  EXPECT_THAT(built.history()[4], HasSubstr("RUN |4 A=given B=def-given G=global N= /bin/sh"));
  EXPECT_THAT(built.lowered.unused_build_args, ElementsAre("UNUSED"));
  const auto& exec = std::get<graph::Exec>(built.root().op);
  EXPECT_THAT(exec.proxy_env, ElementsAre("HTTP_PROXY=http://p", "http_proxy=http://p"));
  EXPECT_THAT(exec.env, testing::Not(testing::Contains(HasSubstr("PROXY"))));
}

TEST(DockerfileLower, ValuesOfOneLineSeeTheEnvironmentBeforeIt) {
  Built built = build("FROM scratch\nENV A=1\nENV A=2 B=$A\n");
  EXPECT_EQ(built.history()[1], "ENV A=2 B=1");
}

TEST(DockerfileLower, RunsScriptsAndHeredocs) {
  Built script = build("FROM a\nRUN <<EOF\n#!/usr/bin/python\nprint()\nEOF\n");
  const auto& exec = std::get<graph::Exec>(script.root().op);
  EXPECT_THAT(exec.argv, ElementsAre("/bin/sh", "-c", "/dev/pipes/EOF"));
  ASSERT_EQ(exec.scripts.size(), 1U);
  EXPECT_EQ(exec.scripts[0].content, "#!/usr/bin/python\nprint()\n");
  EXPECT_EQ(script.root().info.name, "[2/2] RUN <<EOF (#!/usr/bin/python...)");

  Built plain = build("FROM a\nRUN <<EOF\necho $A\nEOF\n");
  EXPECT_THAT(std::get<graph::Exec>(plain.root().op).argv, ElementsAre("/bin/sh", "-c", "echo $A\n"));
  Built mixed = build("FROM a\nRUN cat <<EOF >x\nbody\nEOF\n");
  EXPECT_EQ(std::get<graph::Exec>(mixed.root().op).argv[2], "cat <<EOF >x\nbody\nEOF");
}

TEST(DockerfileLower, LowersMounts) {
  Built built = build(
      "FROM a AS tools\nFROM b\nARG N=c\nWORKDIR /w\nRUN --mount=target=src "
      "--mount=type=cache,target=/c/,id=$N"
      " --mount=from=tools,source=/bin,target=/t,rw --mount=type=secret,id=s,env=S --mount=type=ssh make\n");
  const graph::Vertex& root = built.root();
  const auto& exec = std::get<graph::Exec>(root.op);
  ASSERT_EQ(exec.mounts.size(), 5U);
  EXPECT_EQ(exec.mounts[0].target, "/w/src");
  const auto& context = std::get<graph::BindMount>(exec.mounts[0].what);
  int input = root.inputs.at(static_cast<std::size_t>(context.input));
  EXPECT_TRUE(std::holds_alternative<graph::LocalSource>(built.vertex(input).op));
  EXPECT_EQ(std::get<graph::CacheMount>(exec.mounts[1].what).id, "c");
  EXPECT_TRUE(std::get<graph::BindMount>(exec.mounts[2].what).writable);
  EXPECT_FALSE(std::get<graph::SecretMount>(exec.mounts[3].what).as_file);
  EXPECT_EQ(std::get<graph::SshMount>(exec.mounts[4].what).id, "default");
  EXPECT_EQ(exec.env.back(), "SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0");
}

TEST(DockerfileLower, ACacheMayBeMountedInPart) {
  Built built = build("FROM a\nRUN --mount=type=cache,target=/c,source=sub/../dir make\n");
  const auto& cache = std::get<graph::CacheMount>(std::get<graph::Exec>(built.root().op).mounts.at(0).what);
  EXPECT_EQ(cache.source, "/dir");
  EXPECT_EQ(cache.input, graph::kScratch);
}

TEST(DockerfileLower, TheHostNameIsABuildArgument) {
  FrontendInput input = amd64_input();
  input.hostname = "given";
  EXPECT_EQ(std::get<graph::Exec>(build("FROM a\nRUN x\n", input).root().op).hostname, "given");
  input.build_args["BUILDKIT_SANDBOX_HOSTNAME"] = "arg";
  Built built = build("FROM a\nRUN x\n", input);
  EXPECT_EQ(std::get<graph::Exec>(built.root().op).hostname, "arg");
  EXPECT_THAT(built.lowered.unused_build_args, IsEmpty());
}

TEST(DockerfileLower, WindowsImagesHaveTheirOwnPaths) {
  FrontendInput input = amd64_input();
  input.target_platform = oci::parse_platform("windows/amd64");
  Built built = build("FROM scratch\nWORKDIR C:\\\\app\nWORKDIR sub\nCOPY a bin/\n", input);
  EXPECT_EQ(built.lowered.config.config.working_dir, "\\app\\sub");
  EXPECT_THAT(built.history(), ElementsAre("WORKDIR \\app", "WORKDIR \\app\\sub", "COPY a bin/ # buildkit"));
  const auto& file = std::get<graph::File>(built.root().op);
  EXPECT_EQ(std::get<graph::CopyAction>(file.actions.at(0)).destination, "/app/sub/bin/");
  EXPECT_EQ(build("FROM scratch\n", input).lowered.config.config.working_dir, "\\");
  EXPECT_THROW(build("FROM scratch\nWORKDIR D:/app\n", input), base::Error);
}

TEST(DockerfileLower, LinksCopiesOntoTheBase) {
  Built built = build("FROM a\nCOPY --link x /y/\n");
  ASSERT_TRUE(std::holds_alternative<graph::Merge>(built.root().op));
  const graph::Vertex& own = built.vertex(built.root().inputs[1]);
  EXPECT_EQ(own.inputs[0], graph::kScratch);
  Built plain = build("FROM a\nCOPY --link --chmod=755 x /y/\n");
  EXPECT_TRUE(std::holds_alternative<graph::File>(plain.root().op));
}

TEST(DockerfileLower, CopiesHeredocsThroughADocument) {
  Built built = build("FROM scratch\nENV V=1\nCOPY <<A <<\"B\" /d/\n$V\nA\n$V\nB\n");
  const auto& copy = std::get<graph::CopyAction>(std::get<graph::File>(built.root().op).actions.at(0));
  EXPECT_THAT(copy.sources, ElementsAre("/A", "/B"));
  const graph::Vertex& document = built.vertex(built.root().inputs.at(1));
  const auto& files = std::get<graph::File>(document.op).actions;
  EXPECT_EQ(std::get<graph::MkfileAction>(files.at(0)).content, "1\n");
  EXPECT_EQ(std::get<graph::MkfileAction>(files.at(1)).content, "$V\n");
  EXPECT_EQ(built.history().back(), "COPY <<A <<B /d/ # buildkit");
}

TEST(DockerfileLower, FetchesRemoteSources) {
  Built built = build("FROM scratch\nADD https://h/a.tar https://h/r.git#v1 local.tar /d/\n");
  const graph::Vertex& root = built.root();
  ASSERT_EQ(root.inputs.size(), 4U);
  EXPECT_EQ(std::get<graph::HttpSource>(built.vertex(root.inputs[1]).op).filename, "a.tar");
  EXPECT_EQ(std::get<graph::GitSource>(built.vertex(root.inputs[2]).op).ref, "v1");
  const auto& actions = std::get<graph::File>(root.op).actions;
  EXPECT_FALSE(std::get<graph::CopyAction>(actions[0]).unpack_archives);
  EXPECT_TRUE(std::get<graph::CopyAction>(actions[2]).unpack_archives);
  EXPECT_EQ(error_of("FROM scratch\nCOPY https://h/a /\n").hint(), "use ADD");
}

TEST(DockerfileLower, KeepsThePivotOfParents) {
  Built built = build("FROM scratch\nCOPY --parents a/./b/c d /x/\n");
  const auto& copy = std::get<graph::CopyAction>(std::get<graph::File>(built.root().op).actions.at(0));
  EXPECT_TRUE(copy.keep_parents);
  EXPECT_THAT(copy.sources, ElementsAre("/a/./b/c", "/d"));
}

TEST(DockerfileLower, ChecksModesAndSignals) {
  for (const char* line :
       {"COPY --chmod=888 a /", "COPY --chmod=17777 a /", "COPY --chmod=u+q a /", "STOPSIGNAL SIGNOPE",
        "EXPOSE x", "EXPOSE 70000", "EXPOSE 80/icmp", "VOLUME $NONE", "ADD --checksum=sha256:12 a /"}) {
    EXPECT_NE(error_of(std::string("FROM scratch\n") + line + "\n").message(), "") << line;
  }
  for (const char* line : {"COPY --chmod=0755 a /", "COPY --chmod=u=rwX,go=rX a /", "STOPSIGNAL SIGRTMIN+3",
                           "STOPSIGNAL 9", "EXPOSE 80-82/UDP"}) {
    EXPECT_EQ(error_of(std::string("FROM scratch\n") + line + "\n").message(), "") << line;
  }
}

TEST(DockerfileLower, NamedContextsStandInForStagesAndImages) {
  FrontendInput input = amd64_input();
  input.named_contexts["debian"] = {
      NamedContext::Kind::kImage, "docker.io/library/busybox:1", graph::kScratch, {}};
  input.named_contexts["src"] = {NamedContext::Kind::kLocal, "src", graph::kScratch, {}};
  Built built = build("FROM docker.io/library/debian:latest\nCOPY --from=src a /\n", input);
  EXPECT_THAT(built.images.asked, ElementsAre("docker.io/library/busybox:1"));
  const auto& local = std::get<graph::LocalSource>(built.vertex(built.root().inputs[1]).op);
  EXPECT_EQ(local.name, "src");
}

TEST(DockerfileLower, ALocalContextAsBaseBecomesALayer) {
  FrontendInput input = amd64_input();
  input.named_contexts["src"] = {NamedContext::Kind::kLocal, "src", graph::kScratch, {}};
  Built built = build("FROM src\nRUN x\n", input);
  const graph::Vertex& base = built.vertex(built.root().inputs[0]);
  EXPECT_TRUE(std::holds_alternative<graph::File>(base.op));
}

TEST(DockerfileLower, ALocalContextKeepsItsTreesNameUnderEveryName) {
  FrontendInput input = amd64_input();
  input.named_contexts["debian"] = {NamedContext::Kind::kLocal, "debian", graph::kScratch, {}};
  Built built = build("FROM scratch\nCOPY --from=docker.io/library/debian:latest a /\n", input);
  EXPECT_EQ(std::get<graph::LocalSource>(built.vertex(built.root().inputs[1]).op).name, "debian");
}

TEST(DockerfileLower, AFetchedContextIsOneFile) {
  FrontendInput input = amd64_input();
  input.named_contexts["src"] = {
      NamedContext::Kind::kHttp, "https://user:secret@host/x.tar", graph::kScratch, {}};
  Built built = build("FROM scratch\nCOPY --from=src context /x\n", input);
  const graph::Vertex& fetch = built.vertex(built.root().inputs[1]);
  EXPECT_EQ(std::get<graph::HttpSource>(fetch.op).filename, "context");
  EXPECT_EQ(fetch.info.name, "[context src] https://host/x.tar");
  Built based = build("FROM src\nRUN x\n", input);
  EXPECT_TRUE(std::holds_alternative<graph::File>(based.vertex(based.root().inputs[0]).op))
      << "as a base it becomes a layer";
}

TEST(DockerfileLower, NamesOfFetchesShowNoPassword) {
  Built built = build("FROM scratch\nADD https://user:secret@host/x /\n");
  EXPECT_EQ(built.vertex(built.root().inputs[1]).info.name, "[internal] fetch https://host/x");
}

TEST(DockerfileLower, PlatformArgumentsNameTheSystemsVersion) {
  FrontendInput input = amd64_input();
  input.target_platform = oci::parse_platform("windows(10.0.17763)/amd64");
  Built built = build("FROM scratch\nARG TARGETPLATFORM\nARG TARGETOSVERSION\n", input);
  EXPECT_THAT(built.history(),
              ElementsAre("ARG TARGETPLATFORM=windows(10.0.17763)/amd64", "ARG TARGETOSVERSION=10.0.17763"));
  EXPECT_EQ(built.lowered.config.platform.os_version, "10.0.17763");
}

TEST(DockerfileLower, StageNamesHaveNoCase) {
  Built built =
      build("FROM scratch AS STAge0\nCOPY a b\nFROM staGE0 AS one\nFROM sTage0\nCOPY --from=ONE b c\n");
  EXPECT_THAT(built.images.asked, IsEmpty());
  EXPECT_THAT(built.history(), ElementsAre("COPY a b # buildkit", "COPY b c # buildkit"));
}

TEST(DockerfileLower, RefusesLaterStagesAndCycles) {
  EXPECT_THAT(error_of("FROM a AS x\nCOPY --from=y / /\nFROM a AS y\nFROM x\n").message(),
              HasSubstr("comes after the stage that copies from it"));
  EXPECT_THAT(error_of("FROM a AS x\nCOPY --from=x / /\n").message(), HasSubstr("would need itself"));
  EXPECT_THAT(error_of("FROM a AS x\nCOPY --from=$y / /\n").message(), HasSubstr("variable"));
}

TEST(DockerfileLower, ErrorsNameThePlace) {
  base::Error error = error_of("FROM a\n\nENV A=${B:?missing}\n");
  ASSERT_TRUE(error.range());
  EXPECT_EQ(error.range()->start_line, 3);
  EXPECT_EQ(error.range()->start_column, 7);
}

TEST(DockerfileLower, SuggestsTargets) {
  FrontendInput input = amd64_input();
  input.target = "biuld";
  EXPECT_EQ(error_of("FROM a AS build\n", input).hint(), "did you mean 'build'?");
  input.target = "BUILD";
  EXPECT_EQ(build("FROM a AS build\nFROM b\n", input).lowered.stage_name, "build");
}

TEST(DockerfileLower, TimesComeFromSourceDateEpoch) {
  FrontendInput input = amd64_input();
  input.build_args["SOURCE_DATE_EPOCH"] = "0";
  Built built = build("FROM scratch\nENV A=1\n", input);
  EXPECT_EQ(built.lowered.config.history[0].created, "1970-01-01T00:00:00Z");
  EXPECT_EQ(built.lowered.source_date_epoch, 0);
  input.build_args["SOURCE_DATE_EPOCH"] = "never";
  EXPECT_THAT(error_of("FROM scratch\n", input).message(), HasSubstr("'never'"));
}

std::optional<graph::Op> epoch_of(const std::string& text, const FrontendInput& input) {
  return epoch_source(resolve(parse(text, "Dockerfile"), input), input);
}

TEST(DockerfileLower, SourceDateEpochMayNameWhatGivesTheTime) {
  FrontendInput input = amd64_input();
  const std::string text =
      "ARG SOURCE_DATE_EPOCH=time\nFROM scratch AS time\nADD https://host/x /\nFROM scratch\n";
  EXPECT_EQ(std::get<graph::HttpSource>(epoch_of(text, input).value()).url, "https://host/x");
  input.named_contexts["time"] = {NamedContext::Kind::kGit, "https://host/y.git#main", graph::kScratch, {}};
  EXPECT_EQ(std::get<graph::GitSource>(epoch_of(text, input).value()).ref, "main");
  input.named_contexts["time"] = {NamedContext::Kind::kImage, "debian", graph::kScratch, {}};
  EXPECT_EQ(epoch_of(text, input), std::nullopt) << "an image has no time of its own";
  input.build_args["SOURCE_DATE_EPOCH"] = "context";
  EXPECT_EQ(std::get<graph::LocalSource>(epoch_of(text, input).value()).name, "context");
  input.build_args["SOURCE_DATE_EPOCH"] = "7";
  EXPECT_EQ(epoch_of(text, input), std::nullopt);
}

TEST(DockerfileLower, SeveralPlatformsShareOneGraph) {
  graph::Definition graph;
  FakeImages images;
  std::vector<int> roots;
  for (const char* architecture : {"amd64", "arm64"}) {
    FrontendInput input = amd64_input();
    input.target_platform = oci::Platform{"linux", architecture, "", "", {}};
    input.multi_platform = true;
    Plan plan = resolve(
        parse("FROM --platform=$BUILDPLATFORM go AS b\nRUN x\nFROM scratch\nCOPY --from=b /x /\n", "D"),
        input);
    Lowered lowered = lower(plan, input, images, graph);
    EXPECT_EQ(lowered.config.platform.architecture, architecture);
    roots.push_back(lowered.root);
  }
  EXPECT_NE(roots[0], roots[1]);
  std::size_t runs = 0;
  for (const graph::Vertex& vertex : graph.vertices)
    runs += std::holds_alternative<graph::Exec>(vertex.op) ? 1U : 0U;
  EXPECT_EQ(runs, 1U);
}

TEST(DockerfileLower, BoundsWhatVariablesExpandTo) {
  std::string text = "FROM scratch\nENV A=xxxxxxxxxxxxxxxx\n";
  for (int i = 0; i < 60; ++i) text += "ENV A=$A$A\n";
  EXPECT_THAT(error_of(text).message(), HasSubstr("1 MiB"));
}

std::vector<std::string> rules(const std::string& text, const std::string& check_option = "") {
  FrontendInput input = amd64_input();
  if (!check_option.empty()) input.check = check_option;
  FakeImages images;
  std::vector<std::string> names;
  for (const LintWarning& warning : check(text, "Dockerfile", input, images).warnings)
    names.push_back(warning.rule);
  return names;
}

TEST(DockerfileLint, FindsAndSkips) {
  const std::string text = "FROM scratch as base\nCMD x\nENV password 1\n";
  EXPECT_THAT(rules(text), ElementsAre("FromAsCasing", "JSONArgsRecommended", "LegacyKeyValueFormat",
                                       "SecretsUsedInArgOrEnv"));
  EXPECT_THAT(rules("# check=skip=all\n" + text), IsEmpty());
  EXPECT_THAT(rules(text, "skip=FromAsCasing,JSONArgsRecommended,LegacyKeyValueFormat"),
              ElementsAre("SecretsUsedInArgOrEnv"));
  EXPECT_THAT(rules("FROM scratch\n# check=skip=SecretsUsedInArgOrEnv known\nENV token=1\n"), IsEmpty());
}

TEST(DockerfileLint, ExperimentalRulesMustBeAskedFor) {
  const std::string text = "# words\nARG A=1\nFROM scratch\n";
  EXPECT_THAT(rules(text), IsEmpty());
  EXPECT_THAT(rules(text, "experimental=all"), ElementsAre("InvalidDefinitionDescription"));
}

TEST(DockerfileLint, ErrorsOnDemand) {
  EXPECT_THAT(error_of("# check=error=true\nFROM scratch as x\n").message(), HasSubstr("FromAsCasing"));
  FrontendInput input = amd64_input();
  input.check = "nonsense";
  EXPECT_EQ(error_of("FROM scratch\n", input).kind(), base::ErrorKind::kUsage);
}

TEST(DockerfileLint, IgnoredSourcesFollowThePredicate) {
  FrontendInput input = amd64_input();
  input.ignore_patterns = {"secret"};
  input.is_ignored = [](const std::string& path) { return path == "secret"; };
  FakeImages images;
  auto warnings = check("FROM scratch\nCOPY secret open /\n", "D", input, images).warnings;
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].message, "Attempting to Copy file \"secret\" that is excluded by .dockerignore");
}

TEST(DockerfileOutline, ListsWhatTheTargetTakes) {
  FrontendInput input = amd64_input();
  FakeImages images;
  Ast ast = parse(
      "ARG V=1\n# T the tag\nARG T=x$V\nFROM a:$T AS b\nRUN --mount=type=secret,id=k,required=true x\n"
      "FROM c AS other\nARG O\nFROM b\n",
      "D");
  Outline found = outline(resolve(ast, input), input, images);
  ASSERT_EQ(found.args.size(), 2U);
  EXPECT_EQ(found.args[1].value, "x1");
  EXPECT_EQ(found.args[1].description, "the tag");
  ASSERT_EQ(found.secrets.size(), 1U);
  EXPECT_TRUE(found.secrets[0].required);
  EXPECT_TRUE(list_targets(ast).back().is_default);
}

}  // namespace
}  // namespace cooper::dockerfile
