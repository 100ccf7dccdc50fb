// What contexts are opened with: a store, a server, standard input from a string.
#pragma once

#include <filesystem>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

#include "build/open_context.h"
#include "ops/git_source.h"
#include "ops/http_source.h"
#include "support/error_of.h"
#include "support/fake_client.h"
#include "support/fake_launcher.h"
#include "support/fake_server.h"
#include "support/layer_fixture.h"

namespace cooper::build {

class ContextFixture : public support::LayerFixture {
 protected:
  ContextFixture() {
    tools_.store = store_;
    tools_.events = &events_;
    tools_.registry = client_;
    git_options_.store = store_;
    use_git();
    std::filesystem::create_directory(path("context"));
    request_.context = path("context");
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << content;
  }
  void give_input(const std::string& bytes) {
    input_ = os::Fd(::memfd_create("input", MFD_CLOEXEC));
    os::FdSink(input_.get(), "input").write(std::as_bytes(std::span(bytes)));
    ::lseek(input_.get(), 0, SEEK_SET);
    tools_.standard_input = input_.get();
  }
  OpenedContext open() {
    return open_context(request_, {tools_, http_, *git_, bases_, layers_, digests_, pool_, 4000}, {});
  }
  // After a change of git_options_.
  void use_git() { git_ = std::make_unique<ops::GitSources>(git_options_); }
  base::Error open_error() {
    return support::error_of([&] { open(); });
  }
  bool visible(const std::string& file, const std::string& tree = "context") {
    return open().trees.at(tree)->lookup(file).has_value();
  }
  cooper::testing::FakeReply answer(const cooper::testing::FakeRequest& request) {
    cooper::testing::FakeReply reply;
    auto found = served_.find(request.path);
    if (found == served_.end()) {
      reply.status = 404;
      return reply;
    }
    reply.body = found->second;
    if (!modified_.empty()) reply.with("Last-Modified", modified_);
    return reply;
  }

  std::map<std::string, std::string> served_;  // by path
  std::string modified_;                       // Last-Modified of all of them
  cooper::testing::FakeServer server_{
      [this](const cooper::testing::FakeRequest& request) { return answer(request); }};
  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  support::RecordedEvents events_;
  os::Fd input_;
  Toolbox tools_;
  BaseImages bases_{tools_, layers_, pool_, {}};
  ops::HttpSources http_{{net::HttpClient::create({}), store_, {}, {}, {}}};
  BuildRequest request_;
  ops::GitSourceOptions git_options_;
  std::unique_ptr<ops::GitSources> git_;
  ContextDigests digests_{store_};
};

}  // namespace cooper::build
