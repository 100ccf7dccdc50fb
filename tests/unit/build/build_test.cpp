#include "build/build.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "archive/tar_reader.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "support/error_of.h"
#include "support/fake_launcher.h"
#include "support/fake_server.h"
#include "support/layer_tar.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace testing_server = ::cooper::testing;

using Members = std::map<std::string, std::string>;

Members read_tar(const std::string& bytes) {
  base::MemorySource source{std::string_view(bytes)};
  archive::TarReader reader(source);
  Members members;
  while (auto entry = reader.next()) {
    std::string content(entry->size, '\0');
    std::size_t filled = 0;
    while (std::size_t count = reader.read(std::as_writable_bytes(std::span(content)).subspan(filled)))
      filled += count;
    members[entry->path] = std::move(content);
  }
  return members;
}

// Whole builds without RUN or a registry: from a directory to an archive.
class BuildBuild : public ::testing::Test {
 protected:
  BuildBuild() {
    std::filesystem::create_directory(path("context"));
    tools_.store = store::Store::open(path("store"));
    tools_.form = ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn;
    tools_.no_launcher_reason = "this is a test";
    tools_.events = &events_;
    request_.context = path("context");
    request_.platforms = {oci::parse_platform("linux/amd64")};
    request_.epoch = 1'700'000'000;
    request_.outputs = {{"oci", {{"dest", path("out.tar")}}}};
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path("context/" + name)).parent_path());
    std::ofstream(path("context/" + name)) << content;
  }
  BuildResult build(const std::string& dockerfile) {
    write("Dockerfile", dockerfile);
    return run_build(request_, tools_, {});
  }
  static std::string blob(const Members& members, const base::Digest& digest) {
    return members.at("blobs/sha256/" + digest.hex());
  }
  static Members layer(const Members& members, const oci::Descriptor& descriptor) {
    std::string bytes = blob(members, descriptor.digest);
    base::MemorySource compressed{std::string_view(bytes)};
    auto plain = archive::make_decompressor(oci::layer_compression(descriptor.media_type), compressed);
    return read_tar(base::read_all(*plain, 16 << 20, "layer"));
  }

  os::TempDir directory_{::testing::TempDir(), "build-"};
  support::RecordedEvents events_;
  Toolbox tools_;
  BuildRequest request_;
};

TEST_F(BuildBuild, MakesAnImageFromADirectory) {
  write("src/main.txt", "hello");
  write("ignored.log", "no");
  write(".dockerignore", "*.log\n");
  BuildResult result = build("FROM scratch\nENV A=1\nCOPY . /app/\nWORKDIR /app/src\nCMD [\"/run\"]\n");
  EXPECT_EQ(result.steps_run, 2);
  EXPECT_EQ(result.steps_cached, 0);
  ASSERT_EQ(result.written.size(), 1U);
  EXPECT_THAT(result.written[0], HasSubstr(result.image->digest.str()));

  Members members = read_tar(os::read_file(path("out.tar")));
  oci::Manifest manifest = oci::Manifest::parse(blob(members, result.image->digest));
  EXPECT_EQ(manifest.config.digest, result.config_digest);
  ASSERT_EQ(manifest.layers.size(), 2U);
  Members files = layer(members, manifest.layers[0]);
  EXPECT_EQ(files.at("app/src/main.txt"), "hello");
  EXPECT_FALSE(files.contains("app/ignored.log"));
  oci::ImageConfig config = oci::ImageConfig::parse(blob(members, manifest.config.digest));
  EXPECT_EQ(config.config.working_dir, "/app/src");
  EXPECT_EQ(config.created, oci::rfc3339(1'700'000'000));
  EXPECT_EQ(config.diff_ids.size(), 2U);
  ASSERT_EQ(config.history.size(), 4U);
  EXPECT_TRUE(config.history[0].empty_layer);
  EXPECT_EQ(config.history[1].created_by, "COPY . /app/ # buildkit");
  EXPECT_EQ(result.image_size, manifest.layers[0].size + manifest.layers[1].size);
}

TEST_F(BuildBuild, FurtherTargetsAreBuiltAndGoNowhere) {
  write("a", "1");
  const std::string stages =
      "FROM scratch AS one\nCOPY a /one\nFROM scratch AS two\nCOPY a /two\nCOPY b /b\n";
  request_.target = "one";
  EXPECT_EQ(build(stages).steps_run, 1);
  request_.further_targets = {"two"};
  EXPECT_THAT(error_of([&] { build(stages); }).render(), HasSubstr("'/b'"));
  write("b", "2");
  const BuildResult result = build(stages);
  EXPECT_EQ(result.steps_run, 2);
  const Members members = read_tar(os::read_file(path("out.tar")));
  EXPECT_EQ(oci::Manifest::parse(blob(members, result.image->digest)).layers.size(), 1U);
  request_.further_targets = {"three"};
  EXPECT_THAT(error_of([&] { build(stages); }).render(), HasSubstr("three"));
}

TEST_F(BuildBuild, APlanIsSaidAndNothingDone) {
  write("a", "1");
  std::string plan;
  tools_.on_plan = [&](const std::string& text) { plan = text; };
  const BuildResult result = build("FROM scratch\nCOPY a /one\n");
  EXPECT_THAT(plan, HasSubstr("COPY a /one"));
  EXPECT_EQ(result.image, std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(path("out.tar")));
}

TEST_F(BuildBuild, StepsMayBecomeOneLayer) {
  write("a", "1");
  write("b", "2");
  request_.shape = {true, {"/left"}};
  const BuildResult result = build("FROM scratch\nCOPY a /one\nCOPY b /left/out\nENV X=1\nCOPY b /two\n");
  const Members members = read_tar(os::read_file(path("out.tar")));
  const oci::Manifest manifest = oci::Manifest::parse(blob(members, result.image->digest));
  ASSERT_EQ(manifest.layers.size(), 1U);
  EXPECT_EQ(layer(members, manifest.layers[0]), (Members{{"one", "1"}, {"two", "2"}}));
  const oci::ImageConfig config = oci::ImageConfig::parse(blob(members, manifest.config.digest));
  ASSERT_EQ(config.history.size(), 4U);
  EXPECT_TRUE(config.history[0].empty_layer && config.history[1].empty_layer &&
              config.history[2].empty_layer);
  EXPECT_FALSE(config.history[3].empty_layer);
  // Its steps were kept as they are: with another shape nothing runs.
  request_.shape = {};
  EXPECT_EQ(build("FROM scratch\nCOPY a /one\nCOPY b /left/out\nENV X=1\nCOPY b /two\n").steps_run, 0);
}

// A server for the tests of what is fetched.
class BuildFetched : public BuildBuild {
 protected:
  BuildFetched() { tools_.http = net::HttpClient::create({}); }
  testing_server::FakeReply answer(const testing_server::FakeRequest& request) {
    testing_server::FakeReply reply;
    reply.body = served_.at(request.path);
    if (!modified_.empty()) reply.with("Last-Modified", modified_);
    return reply;
  }
  // The image that was written last.
  oci::ImageConfig config(const BuildResult& result) {
    Members members = read_tar(os::read_file(path("out.tar")));
    return oci::ImageConfig::parse(blob(members, *result.config_digest));
  }

  std::map<std::string, std::string> served_;
  std::string modified_;
  testing_server::FakeServer server_{
      [this](const testing_server::FakeRequest& request) { return answer(request); }};
};

TEST_F(BuildFetched, AnAddedUrlIsAFileOfTheImage) {
  served_["/dir/file"] = "fetched";
  BuildResult result = build("FROM scratch\nADD " + server_.url("/dir/file") + " /\n");
  Members members = read_tar(os::read_file(path("out.tar")));
  oci::Manifest manifest = oci::Manifest::parse(blob(members, result.image->digest));
  EXPECT_EQ(layer(members, manifest.layers.at(0)).at("file"), "fetched");
}

TEST_F(BuildFetched, AWarmBuildHasACleanBuildsDigest) {
  served_["/file"] = "fetched";
  modified_ = "Sun, 06 Nov 1994 08:49:37 GMT";
  std::string dockerfile = "FROM scratch\nADD " + server_.url("/file") + " /\n";
  base::Digest first = build(dockerfile).image->digest;
  // Touched, but not changed.
  modified_ = "Mon, 07 Nov 1994 08:49:37 GMT";
  BuildResult warm = build(dockerfile);
  EXPECT_EQ(warm.steps_cached, 1);
  EXPECT_EQ(warm.image->digest, first);
  tools_.store = store::Store::open(path("other-store"));
  EXPECT_EQ(build(dockerfile).image->digest, first);
  served_["/file"] = "changed";
  EXPECT_NE(build(dockerfile).image->digest, first);
}

TEST_F(BuildFetched, TheEpochMayBeTheTimeOfAUrl) {
  request_.epoch.reset();
  request_.epoch_from_git = false;
  served_["/source"] = "x";
  modified_ = "Sun, 06 Nov 1994 08:49:37 GMT";
  std::string text = "ARG SOURCE_DATE_EPOCH=time\nFROM scratch AS time\nADD " + server_.url("/source") +
                     " /\nFROM scratch\nARG SOURCE_DATE_EPOCH\nCOPY Dockerfile /\n";
  oci::ImageConfig made = config(build(text));
  EXPECT_EQ(made.created, oci::rfc3339(784111777));
  EXPECT_EQ(made.history.at(0).created_by, "ARG SOURCE_DATE_EPOCH=784111777");
  // A number on the command line goes before it, and then nothing is asked.
  std::size_t asked = server_.requests().size();
  request_.build_args["SOURCE_DATE_EPOCH"] = "1000";
  EXPECT_EQ(config(build(text)).created, oci::rfc3339(1000));
  EXPECT_EQ(server_.requests().size(), asked);
}

TEST_F(BuildFetched, TheEpochMayBeTheTimeOfANamedContext) {
  request_.epoch.reset();
  request_.epoch_from_git = false;
  archive::TarEntry entry;
  entry.path = "file";
  entry.mtime = 4321;
  served_["/source.tar"] = support::LayerTar().add(entry, "x").bytes();
  request_.named_contexts = {{"source", server_.url("/source.tar")}};
  request_.build_args["SOURCE_DATE_EPOCH"] = "source";
  EXPECT_EQ(config(build("FROM scratch\nCOPY Dockerfile /\n")).created, oci::rfc3339(4321));
}

TEST_F(BuildFetched, AnEpochWithoutATimeIsNoneAndSaysSo) {
  request_.epoch.reset();
  request_.epoch_from_git = false;
  request_.build_args["SOURCE_DATE_EPOCH"] = "context";
  oci::ImageConfig made = config(build("FROM scratch\nARG SOURCE_DATE_EPOCH\nCOPY Dockerfile /\n"));
  EXPECT_GT(made.created, "2020") << "now";
  EXPECT_EQ(made.history.at(0).created_by, "ARG SOURCE_DATE_EPOCH");
  EXPECT_THAT(events_.texts(base::Event::Kind::kWarning),
              ElementsAre(HasSubstr("'context', which has no time")));
}

TEST_F(BuildFetched, FetchedContextsAreRead) {
  served_["/data"] = "bytes";
  request_.named_contexts = {{"data", server_.url("/data")}};
  BuildResult result =
      build("FROM data AS base\nFROM scratch\nCOPY --from=data context /a\nCOPY --from=base /context /b\n");
  Members members = read_tar(os::read_file(path("out.tar")));
  oci::Manifest manifest = oci::Manifest::parse(blob(members, result.image->digest));
  EXPECT_EQ(layer(members, manifest.layers.at(0)).at("a"), "bytes");
  EXPECT_EQ(layer(members, manifest.layers.at(1)).at("b"), "bytes");
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(BuildBuild, NothingOfAnArchivedContextStaysInTheStore) {
  os::write_file_atomically(
      path("context.tar"),
      support::LayerTar().file("Dockerfile", "FROM scratch\nCOPY f /\n").file("f").bytes());
  request_.context = path("context.tar");
  run_build(request_, tools_, {});
  for (const auto& lease : std::filesystem::directory_iterator(path("store/tmp"))) {
    EXPECT_TRUE(std::filesystem::is_empty(lease)) << lease;
  }
}

TEST_F(BuildBuild, TheSecondBuildIsAnsweredFromTheCache) {
  write("a", "x");
  std::string dockerfile = "FROM scratch\nCOPY a /a\n";
  base::Digest first = build(dockerfile).image->digest;
  BuildResult again = build(dockerfile);
  EXPECT_EQ(again.image->digest, first);
  EXPECT_EQ(again.steps_run, 0);
  EXPECT_EQ(again.steps_cached, 1);
  write("a", "y");
  BuildResult changed = build(dockerfile);
  EXPECT_NE(changed.image->digest, first);
  EXPECT_EQ(changed.steps_run, 1);
}

TEST_F(BuildBuild, AnotherMachineMakesTheSameImage) {
  write("a", "x");
  std::string dockerfile = "FROM scratch AS one\nCOPY a /a\nFROM scratch\nCOPY --from=one /a /b\n";
  base::Digest first = build(dockerfile).image->digest;
  tools_.store = store::Store::open(path("another store"));
  std::filesystem::last_write_time(path("context/a"), std::filesystem::file_time_type::clock::now());
  BuildResult again = build(dockerfile);
  EXPECT_EQ(again.image->digest, first);
  EXPECT_EQ(again.steps_cached, 0);
}

TEST_F(BuildBuild, TheCacheKeepsNoEarlierEpoch) {
  write("a", "x");
  std::string dockerfile = "FROM scratch\nCOPY a /d/a\nWORKDIR /w\n";
  build(dockerfile);
  request_.epoch = 1'700'000'999;
  BuildResult cached = build(dockerfile);
  EXPECT_EQ(cached.steps_run, 0);
  tools_.store = store::Store::open(path("clean store"));
  EXPECT_EQ(build(dockerfile).image->digest, cached.image->digest);
}

TEST_F(BuildBuild, SeveralPlatformsShareAnIndex) {
  request_.platforms.push_back(oci::parse_platform("linux/arm64"));
  write("a", "x");
  BuildResult result = build("FROM scratch\nCOPY a /a\n");
  EXPECT_EQ(result.config_digest, std::nullopt);
  oci::Index index = oci::Index::parse(blob(read_tar(os::read_file(path("out.tar"))), result.image->digest));
  ASSERT_EQ(index.manifests.size(), 2U);
  EXPECT_EQ(index.manifests[1].platform->str(), "linux/arm64");
}

TEST_F(BuildBuild, AnIndexOfOneMayBeAskedFor) {
  request_.build_args["BUILDKIT_MULTI_PLATFORM"] = "true";
  BuildResult result = build("FROM scratch\nENV a=b\n");
  oci::Index index = oci::Index::parse(blob(read_tar(os::read_file(path("out.tar"))), result.image->digest));
  EXPECT_EQ(index.manifests.size(), 1U);
  request_.build_args["BUILDKIT_MULTI_PLATFORM"] = "perhaps";
  EXPECT_EQ(error_of([&] { build("FROM scratch\nENV a=b\n"); }).kind(), base::ErrorKind::kUsage);
}

TEST_F(BuildBuild, OnlyTheTargetIsBuilt) {
  request_.target = "one";
  BuildResult result = build("FROM scratch AS one\nWORKDIR /one\nFROM scratch\nCOPY missing /\n");
  EXPECT_EQ(result.steps_run, 1);
}

TEST_F(BuildBuild, FilesCanBeTheOutput) {
  request_.outputs = {{"local", {{"dest", path("files")}}}};
  write("a", "x");
  BuildResult result = build("FROM scratch\nCOPY a /dir/b\n");
  EXPECT_EQ(os::read_file(path("files/dir/b")), "x");
  EXPECT_EQ(result.image, std::nullopt);
}

TEST_F(BuildBuild, NothingIsWrittenWhenAStepFails) {
  base::Error error = error_of([&] { build("FROM scratch\nCOPY gone /\n"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.summary(), HasSubstr("'/gone': not found"));
  EXPECT_FALSE(std::filesystem::exists(path("out.tar")));
}

TEST_F(BuildBuild, RunNeedsALauncher) {
  base::Error error = error_of([&] { build("FROM scratch\nRUN true\n"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  EXPECT_THAT(error.summary(), HasSubstr("this is a test"));
}

TEST_F(BuildBuild, OutputsAreCheckedBeforeAnythingIsBuilt) {
  request_.outputs = {{"oci", {{"dest", path("out.tar")}, {"colour", "red"}}}};
  EXPECT_EQ(error_of([&] { build("FROM scratch\nCOPY gone /\n"); }).kind(), base::ErrorKind::kUsage);
  request_.outputs.clear();
  request_.network = "bridge";
  EXPECT_THAT(error_of([&] { build("FROM scratch\n"); }).message(), HasSubstr("unknown --network 'bridge'"));
}

TEST_F(BuildBuild, SaysWhatWasNotUsed) {
  request_.build_args = {{"USED", "1"}, {"UNUSED", "2"}};
  EXPECT_THAT(build("FROM scratch\nARG USED\nENV A=$USED\n").unused_build_args, ElementsAre("UNUSED"));
}

TEST_F(BuildBuild, FindingsAreToldAlsoWhenTheyEndTheBuild) {
  std::vector<std::string> rules;
  tools_.on_finding = [&](const std::string& file, const dockerfile::LintWarning& warning) {
    EXPECT_EQ(file, path("context/Dockerfile"));
    rules.push_back(warning.rule);
  };
  request_.platforms.push_back(oci::parse_platform("linux/arm64"));
  build("FROM scratch AS Base\nWORKDIR /a\n");
  EXPECT_THAT(rules, ElementsAre("StageNameCasing"));
  rules.clear();
  base::Error error = error_of([&] { build("# check=error=true\nFROM scratch AS Base\nWORKDIR /a\n"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kDockerfile);
  EXPECT_EQ(error.range()->start_line, 2);
  EXPECT_THAT(rules, ElementsAre("StageNameCasing"));
  request_.build_args["BUILDKIT_DOCKERFILE_CHECK"] = "skip=all";
  build("# check=error=true\nFROM scratch AS Base\nWORKDIR /a\n");
}

TEST_F(BuildBuild, StepsAskForConsentBeforeAnythingRuns) {
  std::string dockerfile = "FROM scratch\nRUN first\nRUN --security=insecure second\n";
  EXPECT_THAT(error_of([&] { build(dockerfile); }).render(),
              HasSubstr("Dockerfile:3:5: RUN '--security=insecure'"));
  request_.allow = {"security.insecure"};
  EXPECT_THAT(error_of([&] { build(dockerfile); }).message(), HasSubstr("this is a test"));
}

TEST_F(BuildBuild, AnnotationsStandWhereTheyWereAskedFor) {
  using image::AnnotationPlace;
  request_.annotations = {{AnnotationPlace::kIndexDescriptor, std::nullopt, "where", "index descriptor"},
                          {AnnotationPlace::kIndex, std::nullopt, "where", "index"},
                          {AnnotationPlace::kManifest, std::nullopt, "where", "manifest"}};
  EXPECT_THAT(error_of([&] { build("FROM scratch\nWORKDIR /a\n"); }).message(),
              HasSubstr("of one platform has none"));
  request_.platforms.push_back(oci::parse_platform("linux/arm64"));
  BuildResult result = build("FROM scratch\nWORKDIR /a\n");
  Members members = read_tar(os::read_file(path("out.tar")));
  EXPECT_EQ(oci::Index::parse(members.at("index.json")).manifests.at(0).annotations.at("where"),
            "index descriptor");
  oci::Index index = oci::Index::parse(blob(members, result.image->digest));
  EXPECT_EQ(index.annotations.at("where"), "index");
  EXPECT_EQ(oci::Manifest::parse(blob(members, index.manifests.at(1).digest)).annotations.at("where"),
            "manifest");
}

TEST_F(BuildBuild, OnlyTheBuiltInFrontendAnswers) {
  EXPECT_EQ(error_of([&] { build("# syntax=foo/bar\nFROM scratch\n"); }).kind(),
            base::ErrorKind::kUnsupported);
  request_.build_args["BUILDKIT_SYNTAX"] = "docker/dockerfile:1";
  EXPECT_EQ(build("# syntax=foo/bar\nFROM scratch\nWORKDIR /a\n").steps_run, 1);
}

TEST_F(BuildBuild, AStopEndsTheBuild) {
  std::stop_source stop;
  stop.request_stop();
  write("Dockerfile", "FROM scratch\nWORKDIR /a\n");
  EXPECT_EQ(error_of([&] { run_build(request_, tools_, stop.get_token()); }).kind(),
            base::ErrorKind::kCancelled);
}

TEST_F(BuildBuild, WritesTheIdOfTheImage) {
  request_.iid_file = path("iid");
  BuildResult result = build("FROM scratch\nWORKDIR /a\n");
  EXPECT_EQ(os::read_file(path("iid")), result.config_digest->str());
}

}  // namespace
}  // namespace cooper::build
