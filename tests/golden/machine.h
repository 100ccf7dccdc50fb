// A machine to build golden cases on: an empty store, a registry in memory, and a sandbox in which every step
// succeeds without doing anything.
//
// A case is a folder with a Dockerfile and, if it needs some, flags of `cooper build` in the file "flags",
// one a line. The folder is the working directory, the Dockerfile goes by its name.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "build/request.h"
#include "build/toolbox.h"
#include "cli/build_flags.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "os/beneath.h"
#include "support/fake_client.h"
#include "support/fake_launcher.h"
#include "support/layer_tar.h"

namespace cooper::golden {

class Machine {
 public:
  Machine() {
    tools_.store = store::Store::open(directory_.path() + "/store");
    tools_.form = ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn;
    tools_.launcher = &launcher_;
    tools_.registry = client_;
    tools_.events = &events_;
    add_image("docker.io/library/alpine:latest", {});
    add_image("docker.io/library/busybox:latest", {});
    add_image("docker.io/library/parent:latest", {"COPY gone /", "RUN echo from the parent"});
  }

  build::Toolbox& tools() { return tools_; }

 private:
  void add_image(const std::string& name, const std::vector<std::string>& triggers) {
    support::Blob blob = support::make_blob(support::LayerTar().file("base", name).bytes());
    oci::ImageConfig config;
    config.platform = oci::parse_platform("linux/amd64");
    config.config.env = {"PATH=/bin"};
    config.config.on_build = triggers;
    config.diff_ids = {blob.sealed.diff_id};
    std::string json = config.serialize();
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config.media_type = oci::kMediaTypeConfig;
    manifest.config.digest = base::sha256(json);
    manifest.config.size = json.size();
    manifest.layers = {blob.sealed.blob};
    manifest.serialize();
    client_->blobs[blob.sealed.blob.digest] = blob.bytes;
    client_->blobs[manifest.config.digest] = json;
    client_->add_manifest(name, manifest.media_type, manifest.raw);
  }

  os::TempDir directory_{testing::TempDir(), "golden-"};
  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  support::FakeLauncher launcher_;
  support::RecordedEvents events_;
  build::Toolbox tools_;
};

// What `cooper build` with the case's flags asks for; enters the case's folder.
inline build::BuildRequest enter_case(const std::filesystem::path& folder) {
  std::filesystem::current_path(folder);
  std::vector<std::string> arguments = {"--file=Dockerfile", "--platform=linux/amd64"};
  std::ifstream flags("flags");
  for (std::string line; std::getline(flags, line);) arguments.push_back(line);
  arguments.emplace_back(".");
  std::reverse(arguments.begin(), arguments.end());
  CLI::App app;
  cli::BuildFlags parsed;
  cli::add_build_flags(app, parsed);
  app.parse(arguments);
  build::BuildRequest request = cli::make_request(parsed, cli::Environment({}));
  request.epoch_from_git = false;
  return request;
}

}  // namespace cooper::golden
