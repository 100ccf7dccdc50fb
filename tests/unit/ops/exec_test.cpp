#include "ops/exec.h"

#include <fstream>
#include <gmock/gmock.h>

#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class OpsExec : public ServicesFixture {
 protected:
  OpsExec() {
    exec_.argv = {"/bin/sh", "-c", "make"};
    base_ = stack(LayerTar()
                      .directory("etc")
                      .file("etc/passwd", "app:x:42:43::/home/app:/bin/sh\n")
                      .file("etc/group", "app:x:43:\nextra:x:77:app\n"));
  }
  snapshot::LayerPtr run() {
    std::vector<solver::ResultPtr> inputs = {base_};
    return run_exec(3, exec_, inputs, services_, {});
  }
  sandbox::Spec spec() {
    run();
    return launcher_.specs().back();
  }

  graph::Exec exec_;
  solver::ResultPtr base_;
};

TEST_F(OpsExec, WhatTheStepWritesBecomesTheLayer) {
  launcher_.step = [](const sandbox::Spec& spec, const auto&) {
    std::ofstream(std::get<sandbox::OverlayRoot>(spec.root).upper + "/made") << "by the step";
    return sandbox::ExitStatus{};
  };
  snapshot::LayerPtr made = run();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(text({made}, "made"), "by the step");
}

TEST_F(OpsExec, ACgroupParentThatCannotBeIsSaid) {
  exec_.cgroup_parent = "../escape";
  EXPECT_EQ(error_of([&] { run(); }).kind(), base::ErrorKind::kUsage);
}

TEST_F(OpsExec, NoChangeIsNoLayer) {
  EXPECT_EQ(run(), nullptr);
}

TEST_F(OpsExec, TheSpecSaysWhatTheInstructionSaid) {
  exec_.env = {"PATH=/bin", "A=1"};
  exec_.proxy_env = {"http_proxy=http://p"};
  exec_.cwd = "/src";
  exec_.user = "app";
  exec_.network = graph::Exec::Network::kNone;
  exec_.hostname = "box";
  exec_.extra_hosts = {"db:10.0.0.1"};
  exec_.shm_size = 1 << 20;
  exec_.ulimits = {"nofile=10"};
  exec_.insecure = true;
  sandbox::Spec made = spec();
  EXPECT_EQ(made.argv, exec_.argv);
  EXPECT_THAT(made.env, ElementsAre("PATH=/bin", "A=1", "http_proxy=http://p", "HOME=/home/app"));
  EXPECT_EQ(made.cwd, "/src");
  EXPECT_EQ(made.uid, 42U);
  EXPECT_EQ(made.gid, 43U);
  EXPECT_THAT(made.groups, Contains(77U));
  EXPECT_EQ(made.network, sandbox::Network::kNone);
  EXPECT_EQ(made.hostname, "box");
  EXPECT_THAT(made.extra_hosts, ElementsAre("db:10.0.0.1"));
  EXPECT_EQ(made.shm_size, 1 << 20);
  EXPECT_THAT(made.ulimits, ElementsAre("nofile=10"));
  EXPECT_TRUE(made.insecure);
  EXPECT_EQ(std::get<sandbox::OverlayRoot>(made.root).lower.size(), 1U);
  EXPECT_NE(std::get<sandbox::OverlayRoot>(made.root).upper, "");
  EXPECT_NE(std::get<sandbox::OverlayRoot>(made.root).work, std::get<sandbox::OverlayRoot>(made.root).upper);
}

TEST_F(OpsExec, DefaultsAreTheLaunchers) {
  sandbox::Spec made = spec();
  EXPECT_EQ(made.hostname, sandbox::Spec().hostname);
  EXPECT_EQ(made.shm_size, sandbox::Spec().shm_size);
  EXPECT_EQ(made.network, sandbox::Network::kHost);
  EXPECT_EQ(made.uid, 0U);
}

TEST_F(OpsExec, TheImagesOwnHomeStays) {
  exec_.env = {"HOME=/elsewhere"};
  EXPECT_THAT(spec().env, ElementsAre("HOME=/elsewhere"));
}

TEST_F(OpsExec, OutputBecomesEventsOfTheVertex) {
  launcher_.step = [](const auto&, const support::FakeLauncher::Output& output) {
    output(1, std::as_bytes(std::span(std::string_view("out\n"))));
    output(2, std::as_bytes(std::span(std::string_view("err\n"))));
    return sandbox::ExitStatus{};
  };
  run();
  EXPECT_THAT(events_.texts(base::Event::Kind::kLog), ElementsAre("out\n", "err\n"));
}

TEST_F(OpsExec, AFailureHasTheStepsExitCode) {
  launcher_.step = [](const auto&, const auto&) { return sandbox::ExitStatus{.code = 37}; };
  base::Error error = error_of([&] { run(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRunFailed);
  EXPECT_EQ(error.message(), "process \"/bin/sh -c make\" did not complete successfully: exit code: 37");
  EXPECT_EQ(error.exit_status(), 37);
}

TEST_F(OpsExec, ASignalIsNamed) {
  launcher_.step = [](const auto&, const auto&) { return sandbox::ExitStatus{.code = 137, .signal = 9}; };
  base::Error error = error_of([&] { run(); });
  EXPECT_THAT(error.message(), HasSubstr("was killed by signal 9"));
  EXPECT_EQ(error.exit_status(), 137);
}

TEST_F(OpsExec, AForeignProgramThatCannotBeStartedIsExplained) {
  launcher_.step = [](const sandbox::Spec&, const auto&) { return sandbox::ExitStatus{126}; };
  for (const char* platform : {"linux/vax", "linux/amd64", "linux/arm64"}) {
    graph::Vertex vertex;
    vertex.platform = oci::parse_platform(platform);
    vertex.op = exec_;
    vertex.inputs = {graph::kScratch};
    definition_.add(std::move(vertex));
  }
  std::vector<solver::ResultPtr> inputs = {base_};
  base::Error foreign = error_of([&] { run_exec(0, exec_, inputs, services_, {}); });
  EXPECT_EQ(foreign.kind(), base::ErrorKind::kUnsupported);
  EXPECT_THAT(foreign.message(), HasSubstr("cannot run programs of linux/vax"));
  EXPECT_THAT(foreign.hint(), HasSubstr("binfmt_misc"));
  int native = oci::host_platform().architecture == "amd64" ? 1 : 2;
  base::Error own = error_of([&] { run_exec(native, exec_, inputs, services_, {}); });
  EXPECT_EQ(own.exit_status(), 126) << "a step of our own machine is to blame itself";
}

TEST_F(OpsExec, WithoutALauncherTheReasonIsSaid) {
  services_.launcher = nullptr;
  services_.no_launcher_reason = "user namespaces are off";
  base::Error error = error_of([&] { run(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  EXPECT_EQ(error.message(), "cannot run steps here: user namespaces are off");
  EXPECT_THAT(error.hint(), HasSubstr("cooper doctor"));
}

TEST_F(OpsExec, SecretsAsVariablesReachTheStepOnly) {
  graph::SecretMount secret;
  secret.id = "token";
  secret.env = "TOKEN";
  secret.as_file = false;
  exec_.mounts.push_back({"", secret});
  services_.secret = [](const std::string&) { return "s3cret"; };
  EXPECT_THAT(spec().env, Contains("TOKEN=s3cret"));
  EXPECT_THAT(events_.texts(base::Event::Kind::kLog), Not(Contains(HasSubstr("s3cret"))));
}

}  // namespace
}  // namespace cooper::ops
