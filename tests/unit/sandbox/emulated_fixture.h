// Steps of the tiers without mounts with a stand-in for the stub, which enters the root by chroot(2): so what
// launcher and init do is tested with real programs, for root.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "sandbox/board.h"
#include "step_fixture.h"

namespace cooper::sandbox::test {

class EmulatedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can chroot";
    if (!fs::exists(kBusybox)) GTEST_SKIP() << "no /bin/busybox (package busybox-static)";
    for (const char* name : {"root/bin", "root/tmp", "root/work", "scratch"})
      os::make_directories(path(name));
    fs::copy_file(kBusybox, path("root/bin/busybox"));
    for (const char* applet :
         {"sh", "cat", "echo", "sleep", "setsid", "true", "pwd", "kill", "touch", "rm"}) {
      fs::create_symlink("busybox", path("root/bin/") + applet);
    }
    // The stand-in knows no binds.
    os::make_directories(path("root/dev"));
    os::write_file_atomically(path("root/dev/null"), "");
    changes_ = os::open_file(path("changes"), O_WRONLY | O_APPEND | O_CREAT);
    launcher_ = Launcher::start(Tier::kEmulatedRoot, os::open_file(COOPER_STAND_IN_STUB, O_PATH));
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  Spec spec(std::vector<std::string> argv) const {
    Spec result;
    result.root = farm();
    result.argv = std::move(argv);
    result.env = {"PATH=/bin:/usr/bin"};
    return result;
  }
  Spec shell(const std::string& script) const { return spec({"sh", "-c", script}); }

  FarmRoot farm() const {
    return {.directory = path("root"),
            .scratch = path("scratch"),
            .places = {},
            .board = board_.fd(),
            .changes = changes_.get()};
  }

  // As the builder's, it must be empty for each step.
  void empty_scratch() const {
    os::remove_tree(path("scratch"));
    os::make_directories(path("scratch"));
  }

  Outcome run(const Spec& step, const std::stop_token& stop = {}) const {
    empty_scratch();
    Outcome outcome;
    outcome.status = launcher_->run(
        step,
        [&](int stream, base::ByteSpan bytes) {
          auto& text = stream == 1 ? outcome.output : outcome.errors;
          text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        },
        stop);
    return outcome;
  }

  os::TempDir directory_{fs::temp_directory_path().string(), "cooper-emulated-"};
  Board board_{stub::Owners::kReal, 10};
  os::Fd changes_;
  std::unique_ptr<Launcher> launcher_;
};

}  // namespace cooper::sandbox::test
