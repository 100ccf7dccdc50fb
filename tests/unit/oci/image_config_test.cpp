#include "oci/image_config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::oci {

namespace {

const std::string kDiffId = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string with_config(const std::string& config) {
  return R"({"architecture":"amd64","config":)" + config +
         R"(,"os":"linux","rootfs":{"type":"layers","diff_ids":[]}})";
}

}  // namespace

TEST(OciImageConfig, WritesWhatBuildkitWrites) {
  ImageConfig image;
  image.created = "2026-11-23T10:00:00Z";
  image.author = "A <a@example.com>";
  image.platform = {"linux", "arm", "v7", "", {}};
  image.config.user = "app";
  image.config.exposed_ports = {"80/tcp", "53/udp"};
  image.config.env = {"PATH=/bin", "A=1"};
  image.config.entrypoint = {{"/app"}};
  image.config.cmd = {{"-x"}};
  image.config.volumes = {"/data"};
  image.config.working_dir = "/";
  image.config.labels = {{"z", "1"}, {"a", "<&>"}};
  image.config.stop_signal = "SIGTERM";
  image.config.args_escaped = true;
  image.config.healthcheck = Healthcheck{{"CMD", "true"}, 1'000'000'000, 0, 0, 0, 3};
  image.config.on_build = {"RUN true"};
  image.config.shell = {{"/bin/sh", "-c"}};
  image.diff_ids = {base::sha256("")};
  image.history = {{"2026-11-23T10:00:00Z", "RUN x # buildkit", "", "buildkit.dockerfile.v0", false},
                   {"", "ENV A=1", "", "", true}};
  EXPECT_EQ(
      image.serialize(),
      R"({"architecture":"arm","author":"A \u003ca@example.com\u003e","config":{"User":"app",)"
      R"("ExposedPorts":{"53/udp":{},"80/tcp":{}},"Env":["PATH=/bin","A=1"],"Entrypoint":["/app"],"Cmd":["-x"],)"
      R"("Volumes":{"/data":{}},"WorkingDir":"/","Labels":{"a":"\u003c\u0026\u003e","z":"1"},)"
      R"("StopSignal":"SIGTERM","ArgsEscaped":true,"Healthcheck":{"Test":["CMD","true"],"Interval":1000000000,)"
      R"("Retries":3},"OnBuild":["RUN true"],"Shell":["/bin/sh","-c"]},"created":"2026-11-23T10:00:00Z",)"
      R"("history":[{"created":"2026-11-23T10:00:00Z","created_by":"RUN x # buildkit",)"
      R"("comment":"buildkit.dockerfile.v0"},{"created_by":"ENV A=1","empty_layer":true}],"os":"linux",)"
      R"("rootfs":{"type":"layers","diff_ids":[")" +
          kDiffId + R"("]},"variant":"v7"})");
  EXPECT_EQ(ImageConfig::parse(image.serialize()).serialize(), image.serialize());
}

TEST(OciImageConfig, LeavesEmptyFieldsOut) {
  ImageConfig image;
  image.platform = {"linux", "amd64", "", "", {}};
  image.config.entrypoint = std::vector<std::string>{};
  EXPECT_EQ(
      image.serialize(),
      R"({"architecture":"amd64","config":{},"os":"linux","rootfs":{"type":"layers","diff_ids":null}})");
}

TEST(OciImageConfig, EscapesAsGoDoes) {
  ImageConfig image;
  image.config.working_dir = "a\"\\/\b\f\n\r\t\x01\x7f\xe2\x80\xa8\xe2\x80\xa9\xc3\xa9\xf0\x9f\x98\x80";
  image.config.user = "\xff\xc0\xaf\xed\xa0\x80\xe2\x82";
  std::string text = image.serialize();
  EXPECT_NE(
      text.find(
          "\"WorkingDir\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\\u2028\\u2029\xc3\xa9\xf0\x9f\x98\x80\""),
      std::string::npos)
      << text;
  // One replacement for each byte that belongs to no character.
  EXPECT_NE(text.find(R"("User":"\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")"), std::string::npos)
      << text;
}

TEST(OciImageConfig, UnknownFieldsSurvive) {
  std::string raw =
      R"({"architecture":"amd64","config":{"Cmd":["sh"],"Hostname":"x","Weird":{"b":1,"a":[2.5,null]}},"docker_version":"1","os":"linux","rootfs":{"type":"layers","diff_ids":null},"zzz":"\u003c"})";
  ImageConfig image = ImageConfig::parse(raw);
  EXPECT_EQ(image.config.unknown.at("Weird"), R"({"b":1,"a":[2.5,null]})");
  EXPECT_EQ(image.unknown.at("docker_version"), "\"1\"");
  EXPECT_EQ(image.serialize(), raw);
}

TEST(OciImageConfig, NullIsAbsent) {
  ImageConfig image = ImageConfig::parse(with_config(
      R"({"Env":null,"Cmd":null,"Entrypoint":[],"Labels":null,"OnBuild":null,"Volumes":null,"Healthcheck":null})"));
  EXPECT_FALSE(image.config.cmd.has_value());
  ASSERT_TRUE(image.config.entrypoint.has_value());
  EXPECT_TRUE(image.config.entrypoint->empty());
  EXPECT_TRUE(image.config.env.empty());
}

TEST(OciImageConfig, RefusesWrongTypes) {
  const std::string kBad[] = {
      "",
      "[]",
      R"({"architecture":"amd64","os":"linux"})",
      R"({"os":1,"rootfs":{"type":"layers","diff_ids":[]}})",
      R"({"rootfs":{"type":"other","diff_ids":[]}})",
      R"({"rootfs":{"type":"layers","diff_ids":["sha256:x"]}})",
      R"({"history":{},"rootfs":{"type":"layers"}})",
      R"({"history":[1],"rootfs":{"type":"layers"}})",
      with_config(R"({"Env":[1]})"),
      with_config(R"({"User":1})"),
      with_config(R"({"ExposedPorts":["80"]})"),
      with_config(R"({"Volumes":{"/x":1}})"),
      with_config(R"({"Labels":{"a":null}})"),
      with_config(R"({"Healthcheck":{"Interval":"1s"}})"),
      with_config(R"({"ArgsEscaped":"yes"})"),
  };
  for (const std::string& text : kBad) {
    try {
      ImageConfig::parse(text);
      ADD_FAILURE() << "accepted " << text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt) << text;
    }
  }
}

TEST(OciImageConfig, WritesTimes) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(1795428000), "2026-11-23T10:00:00Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59Z");
}

TEST(OciImageConfig, EditsEnvironments) {
  std::vector<std::string> env = {"PATH=/bin", "PATHS=x"};
  EXPECT_EQ(*find_env(env, "PATH"), "PATH=/bin");
  EXPECT_EQ(find_env(env, "PAT"), nullptr);
  set_env(env, "PATH", "/usr/bin");
  set_env(env, "NEW", "");
  EXPECT_EQ(env, (std::vector<std::string>{"PATH=/usr/bin", "PATHS=x", "NEW="}));
}

}  // namespace cooper::oci
