#include "cli/kaniko_flags.h"

#include <functional>
#include <gmock/gmock.h>
#include <set>

#include "cli/kaniko_arguments.h"
#include "cli/kaniko_job.h"
#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What a flag did: the job of a command line with it.
struct Made {
  KanikoSettings settings;
  KanikoJob job;
  build::BuildRequest request;
};

Made make(std::vector<std::string> arguments, std::map<std::string, std::string> variables = {}) {
  variables.emplace("COOPER_STORE", "/store");
  const Environment environment(std::move(variables));
  const KanikoSettings settings = parse_kaniko_arguments(arguments, kaniko_flags(), environment).settings;
  const KanikoJob job = make_kaniko_job(settings, environment);
  return {settings, job, make_request(job.build, job.environment)};
}

std::string attribute(const build::Output& output, const std::string& name) {
  const auto found = output.attributes.find(name);
  return found == output.attributes.end() ? "none" : found->second;
}

struct Expectation {
  std::vector<std::string> arguments;             // beside -d r.example/app
  std::function<bool(const Made&)> is_done = {};  // empty: it has no meaning, or is refused
};

const std::map<std::string, Expectation>& expectations() {
  static const std::map<std::string, Expectation> all = {
      {"dockerfile",
       {{"--dockerfile=other/File"}, [](const Made& m) { return m.request.dockerfile == "other/File"; }}},
      {"context", {{"--context=dir://src"}, [](const Made& m) { return m.request.context == "src"; }}},
      {"context-sub-path",
       {{"-c", "tar://x.tgz", "--context-sub-path=a/b"},
        [](const Made& m) { return m.request.context_form.directory == "a/b"; }}},
      {"bucket",
       {{"--bucket=mine"},
        [](const Made& m) {
          // Without the flag there is no object, which value() reports.
          return m.request.context_form.object.value().attributes.at("bucket") == "mine";
        }}},
      {"git",
       {{"-c", "git://g.example/x", "--git=branch=dev", "--git=insecure-skip-tls=true"},
        [](const Made& m) {
          return m.request.context.find("ref=refs%2Fheads%2Fdev") != std::string::npos &&
                 !m.request.verify_git;
        }}},
      {"target",
       {{"--target=a,b", "--target=c"},
        [](const Made& m) {
          return m.request.target == "a" && m.request.further_targets == std::vector<std::string>{"b", "c"};
        }}},
      {"build-arg",
       {{"--build-arg=A=1", "--build-arg=B"},
        [](const Made& m) {
          return m.request.build_args.at("A") == "1" && m.request.build_args.at("B").empty();
        }}},
      {"secret",
       {{"--secret=id=s,src=/etc/hostname"},
        [](const Made& m) { return m.request.secrets.at(0).file == "/etc/hostname"; }}},
      {"custom-platform",
       {{"--custom-platform=linux/arm64"},
        [](const Made& m) { return m.request.platforms.at(0).str() == "linux/arm64"; }}},
      {"label", {{"--label=a=b"}, [](const Made& m) { return m.request.labels.at("a") == "b"; }}},
      {"annotation",
       {{"--annotation=a=b"}, [](const Made& m) { return m.request.annotations.at(0).key == "a"; }}},
      {"single-snapshot",
       {{"--single-snapshot"}, [](const Made& m) { return m.request.shape.single_layer; }}},
      {"reproducible", {{"--reproducible"}, [](const Made& m) { return m.request.epoch == 0; }}},
      {"ignore-path",
       {{"--ignore-path=/a", "--ignore-path=/b"},
        [](const Made& m) {
          return m.request.shape.left_out == std::vector<std::string>{"/a", "/b"};
        }}},
      {"ignore-var-run",
       {{"--ignore-var-run"},
        [](const Made& m) { return m.request.shape.left_out == std::vector<std::string>{"/var/run"}; }}},
      {"compression",
       {{"--compression=zstd"},
        [](const Made& m) { return attribute(m.request.outputs.at(0), "compression") == "zstd"; }}},
      {"compression-level",
       {{"--compression-level=3"},
        [](const Made& m) { return attribute(m.request.outputs.at(0), "compression-level") == "3"; }}},
      {"image-format",
       {{"--image-format=docker"},
        [](const Made& m) { return attribute(m.request.outputs.at(0), "oci-mediatypes") == "false"; }}},
      {"destination",
       {{"--destination=r.example/b"},
        [](const Made& m) {
          return m.request.tags == std::vector<std::string>{"r.example/app:latest", "r.example/b:latest"};
        }}},
      {"no-push", {{"--no-push"}, [](const Made& m) { return m.request.outputs.at(0).type == "image"; }}},
      {"skip-push-permission-check",
       {{"--skip-push-permission-check"}, [](const Made& m) { return !m.request.check_push; }}},
      {"push-ignore-immutable-tag-errors",
       {{"--push-ignore-immutable-tag-errors"},
        [](const Made& m) { return attribute(m.request.outputs.at(0), "ignore-immutable-tags") == "true"; }}},
      {"tar-path",
       {{"--tar-path=a,\"b"},
        [](const Made& m) {
          return m.request.outputs.at(1).type == "docker" &&
                 attribute(m.request.outputs.at(1), "dest") == "a,\"b";
        }}},
      {"oci-layout-path",
       {{"--oci-layout-path=l"},
        [](const Made& m) {
          return m.request.outputs.at(1).type == "oci" &&
                 attribute(m.request.outputs.at(1), "tar") == "false";
        }}},
      {"digest-file", {{"--digest-file=d"}, [](const Made& m) { return m.settings.digest_file == "d"; }}},
      {"image-name-with-digest-file",
       {{"--image-name-with-digest-file=d"},
        [](const Made& m) { return m.settings.name_digest_file == "d"; }}},
      {"image-name-tag-with-digest-file",
       {{"--image-name-tag-with-digest-file=d"},
        [](const Made& m) { return m.settings.tag_digest_file == "d"; }}},
      {"push-retry", {{"--push-retry=9"}, [](const Made& m) { return m.job.build.registry.attempts == 10; }}},
      {"image-download-retry",
       {{"--image-download-retry=7"}, [](const Made& m) { return m.job.build.registry.attempts == 8; }}},
      {"cache",
       {{"--cache"},
        [](const Made& m) {
          return !m.request.no_cache &&
                 m.request.cache_from.at(0).attributes.at("ref") == "r.example/app/cache" &&
                 m.request.cache_to.at(0).attributes.at("mode") == "max";
        }}},
      {"cache-repo",
       {{"--cache", "--cache-repo=oci:/c,1"},
        [](const Made& m) {
          return m.request.cache_from.at(0).attributes.at("src") == "/c,1" &&
                 m.request.cache_to.at(0).attributes.at("dest") == "/c,1";
        }}},
      {"cache-run-layers",
       {{"--cache", "--cache-run-layers=false"},
        [](const Made& m) { return m.request.no_cache && m.request.cache_from.empty(); }}},
      {"cache-copy-layers", {{"--cache-copy-layers"}}},
      {"no-push-cache",
       {{"--cache", "--no-push-cache"},
        [](const Made& m) { return !m.request.cache_from.empty() && m.request.cache_to.empty(); }}},
      {"compressed-caching", {{"--compressed-caching=false"}}},
      {"cache-dir",
       {{"--cache-dir=/warm"},
        [](const Made& m) { return m.job.build.warm_layouts == std::vector<std::string>{"/warm"}; }}},
      {"cache-ttl",
       {{"--cache", "--cache-ttl=6h"},
        [](const Made& m) { return m.request.cache_from.at(0).attributes.at("ttl") == "6h"; }}},
      {"insecure",
       {{"--insecure"},
        [](const Made& m) {
          return m.job.build.registry.lax_hosts == std::vector<std::string>{"r.example"};
        }}},
      {"insecure-pull",
       {{"--insecure-pull"},
        [](const Made& m) {
          const access::OtherHosts& others = m.job.build.registry.others;
          return others.may_be_plain && others.verify && others.but == std::vector<std::string>{"r.example"};
        }}},
      {"insecure-registry",
       {{"--insecure-registry=i.example"},
        [](const Made& m) {
          return m.job.build.registry.lax_hosts == std::vector<std::string>{"i.example"};
        }}},
      {"skip-tls-verify",
       {{"--skip-tls-verify"},
        [](const Made& m) {
          return m.job.build.registry.unverified_hosts == std::vector<std::string>{"r.example"};
        }}},
      {"skip-tls-verify-pull",
       {{"--skip-tls-verify-pull"},
        [](const Made& m) {
          return !m.job.build.registry.others.verify && !m.job.build.registry.others.may_be_plain;
        }}},
      {"skip-tls-verify-registry",
       {{"--skip-tls-verify-registry=s.example"},
        [](const Made& m) {
          return m.job.build.registry.unverified_hosts == std::vector<std::string>{"s.example"};
        }}},
      {"registry-certificate",
       {{"--registry-certificate=h=/ca"},
        [](const Made& m) { return m.job.build.registry.authorities == std::vector<std::string>{"h=/ca"}; }}},
      {"registry-client-cert",
       {{"--registry-client-cert=h=/c,/k"},
        [](const Made& m) {
          return m.job.build.registry.client_certificates == std::vector<std::string>{"h=/c,/k"};
        }}},
      {"registry-mirror",
       {{"--registry-mirror=m.example/hub"},
        [](const Made& m) {
          return m.job.build.registry.mirrors == std::vector<std::string>{"m.example/hub"};
        }}},
      {"registry-map",
       {{"--registry-map=a=b;c=d/p"},
        [](const Made& m) { return m.job.build.registry.maps == std::vector<std::string>{"a=b;c=d/p"}; }}},
      {"skip-default-registry-fallback",
       {{"--skip-default-registry-fallback"},
        [](const Made& m) { return m.job.build.registry.no_fallback; }}},
      {"credential-helpers",
       {{"--credential-helpers=env,ecr"},
        [](const Made& m) {
          return m.job.build.registry.credential_places == std::set<std::string>{"env", "ecr"};
        }}},
      {"kaniko-dir", {{"--kaniko-dir=/k"}, [](const Made& m) { return m.settings.directory == "/k"; }}},
      {"dryrun",
       {{"--dryrun"}, [](const Made& m) { return m.job.build.only_plan && !m.request.check_push; }}},
      {"snapshot-mode", {{"--snapshot-mode=redo"}}},
      {"use-new-run", {{"--use-new-run"}}},
      {"image-fs-extract-retry", {{"--image-fs-extract-retry=3"}}},
      {"skip-unused-stages", {{"--skip-unused-stages"}}},
      {"force-build-metadata", {{"--force-build-metadata"}}},
      {"cleanup", {{"--cleanup"}}},
      {"pre-cleanup", {{"--pre-cleanup"}}},
      {"preserve-context", {{"--preserve-context"}}},
      {"materialize", {{"--materialize"}}},
      {"force", {{"--force"}}},
      {"verbosity",
       {{"--verbosity=debug"},
        [](const Made& m) { return m.job.build.explain && m.job.build.progress == "auto"; }}},
      {"log-format",
       {{"--log-format=json"}, [](const Made& m) { return m.job.build.progress == "rawjson"; }}},
      {"log-timestamp", {{"--log-timestamp"}, [](const Made& m) { return m.settings.log_timestamp; }}},
  };
  return all;
}

std::vector<std::string> with_destination(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"-d", "r.example/app"});
  return arguments;
}

std::vector<std::string> without(const std::string& name, std::vector<std::string> arguments) {
  std::erase_if(arguments, [&](const std::string& word) {
    return word == "--" + name || word.starts_with("--" + name + "=");
  });
  return arguments;
}

TEST(CliKanikoFlags, EveryRowHasItsEffect) {
  std::set<std::string> seen;
  for (const KanikoFlag& flag : kaniko_flags()) {
    const std::string name(flag.name);
    SCOPED_TRACE(name);
    EXPECT_TRUE(seen.insert(name).second) << "twice in the table";
    ASSERT_TRUE(expectations().contains(name)) << "say in this test what it does";
    const Expectation& expected = expectations().at(name);
    EXPECT_FALSE(flag.meaning.empty());
    switch (flag.effect) {
      case KanikoEffect::kHonoured: {
        ASSERT_TRUE(expected.is_done);
        EXPECT_TRUE(expected.is_done(make(with_destination(expected.arguments))));
        // A test that passes without the flag, too, shows nothing.
        bool is_so_anyway = true;
        try {
          is_so_anyway = expected.is_done(make(with_destination(without(name, expected.arguments))));
        } catch (const std::exception&) {
          is_so_anyway = false;  // what it looks at is not there
        }
        EXPECT_FALSE(is_so_anyway);
        break;
      }
      case KanikoEffect::kNoMeaning: {
        EXPECT_FALSE(expected.is_done);
        const Made made = make(with_destination(expected.arguments));
        EXPECT_THAT(made.job.build.notes, Contains(HasSubstr("--" + name)));
        break;
      }
      case KanikoEffect::kRefused: {
        EXPECT_FALSE(expected.is_done);
        const base::Error error = error_of([&] { make(with_destination(expected.arguments)); });
        EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
        EXPECT_THAT(error.message(), HasSubstr("--" + name));
        EXPECT_FALSE(error.hint().empty());
        break;
      }
    }
  }
  EXPECT_EQ(seen.size(), expectations().size()) << "an expectation is of no flag";
}

TEST(CliKanikoFlags, LettersAndNamesAreUnique) {
  for (const KanikoFlagTable* table : {&kaniko_flags(), &warmer_flags()}) {
    std::set<char> letters;
    std::set<std::string_view> names;
    for (const KanikoFlag& flag : *table) {
      EXPECT_TRUE(flag.letter == 0 || letters.insert(flag.letter).second) << flag.letter;
      EXPECT_TRUE(names.insert(flag.name).second) << flag.name;
      EXPECT_TRUE(flag.old_name.empty() || names.insert(flag.old_name).second) << flag.old_name;
    }
  }
}

TEST(CliKanikoFlags, SwitchesThatAreOffChangeNothing) {
  for (const KanikoFlag& flag : kaniko_flags()) {
    if (flag.kind != KanikoKind::kSwitch || flag.standard != "false") continue;
    SCOPED_TRACE(flag.name);
    const Made made = make({"-d", "r.example/app", "--" + std::string(flag.name) + "=false"});
    EXPECT_EQ(made.request.outputs.size(), 1U) << flag.name;
    EXPECT_EQ(made.request.outputs.at(0).type, "registry") << flag.name;
    EXPECT_EQ(made.request.outputs.at(0).attributes.size(), 0U) << flag.name;
    EXPECT_TRUE(made.request.no_cache) << flag.name;
    EXPECT_TRUE(made.request.shape.is_as_built()) << flag.name;
  }
}

TEST(CliKanikoFlags, TheWarmersFlagsAreItsOwn) {
  const KanikoSettings settings =
      parse_kaniko_arguments({"-i", "a", "--image=b", "-d", "File", "-c", "/c", "-f"}, warmer_flags(),
                             Environment(std::map<std::string, std::string>()))
          .settings;
  EXPECT_THAT(settings.images, ElementsAre("a", "b"));
  EXPECT_EQ(settings.dockerfile, "File");
  EXPECT_EQ(settings.cache_directory, "/c");
  EXPECT_THAT(settings.without_meaning, ElementsAre("-f"));
}

TEST(CliKanikoFlags, VariablesWithoutAMeaningAreNamed) {
  EXPECT_THAT(
      variables_without_meaning({{"FF_KANIKO_COPY_AS_ROOT", "1"}, {"PATH", "/bin"}, {"BENCHMARK_FILE", "x"}}),
      ElementsAre("BENCHMARK_FILE", "FF_KANIKO_COPY_AS_ROOT"));
  EXPECT_THAT(make({"--no-push"}, {{"FF_KANIKO_NEW_CACHE_LAYOUT", "1"}}).job.build.notes,
              Contains(HasSubstr("FF_KANIKO_NEW_CACHE_LAYOUT")));
}

}  // namespace
}  // namespace cooper::cli
