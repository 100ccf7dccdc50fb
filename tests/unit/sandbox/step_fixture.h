// Runs real steps: a root file system of busybox, and one launcher for the whole test program in the best
// tier with mounts that this user has here.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "os/beneath.h"
#include "sandbox/launcher.h"
#include "sandbox/tier.h"

namespace cooper::sandbox::test {

namespace fs = std::filesystem;

inline constexpr const char* kBusybox = "/bin/busybox";

// Probed and entered once: a process cannot leave a user namespace again.
class Machine {
 public:
  static Machine& get() {
    static Machine machine;
    return machine;
  }
  Tier tier() const { return probed_.tier; }
  const ProbeResult& probed() const { return probed_; }
  Launcher& launcher() { return *launcher_; }
  std::string obstacle() const {
    if (!fs::exists(kBusybox)) return "no /bin/busybox (package busybox-static)";
    return tier() == Tier::kNone ? probed_.reason : "";
  }

 private:
  Machine() : probed_(find_tier()) {
    if (tier() == Tier::kNone) return;
    enter(tier());
    launcher_ = Launcher::start(tier());
  }

  static ProbeResult find_tier() {
    const auto place = fs::temp_directory_path() / ("cooper-probe-" + std::to_string(::getuid()));
    ProbeResult none;
    for (const char* name : {"privileged", "userns", "userns-single"}) {
      try {
        return probe_named(name, place.string());
      } catch (const base::Error& error) {
        none.reason = error.summary();
      }
    }
    return none;
  }

  ProbeResult probed_;
  std::unique_ptr<Launcher> launcher_;
};

inline OverlayRoot& layers(Spec& step) {
  return std::get<OverlayRoot>(step.root);
}

struct Outcome {
  ExitStatus status;
  std::string output;
  std::string errors;
};

// The launcher must be started while there is one thread: before any test makes more.
class StepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Machine::get().obstacle().empty()) GTEST_SKIP() << Machine::get().obstacle();
    directory_ = std::make_unique<os::TempDir>(fs::temp_directory_path().string(), "cooper-step-");
    make_root();
  }

  std::string path(const std::string& name) const { return directory_->path() + "/" + name; }
  std::string upper() const { return path("upper"); }
  std::string lower() const { return path("lower"); }

  void make_root() const {
    for (const char* name : {"lower/bin", "lower/etc", "lower/tmp", "lower/root", "upper"}) {
      os::make_directories(path(name));
    }
    fs::copy_file(kBusybox, lower() + "/bin/busybox");
    for (const char* applet :
         {"sh",       "cat",  "ls",     "id",    "echo",  "true",  "false",   "sleep", "mount",
          "hostname", "stat", "grep",   "mkdir", "rm",    "touch", "unshare", "ip",    "readlink",
          "head",     "wc",   "setsid", "pwd",   "mknod", "dd",    "chmod",   "ps",    "umask",
          "env",      "mv",   "chown",  "kill",  "df",    "tail"}) {
      fs::create_symlink("busybox", lower() + "/bin/" + applet);
    }
  }

  Spec spec(std::vector<std::string> argv) const {
    Spec result;
    const std::string work = path("work" + std::to_string(++specs_));  // an overlay's is for one mount only
    os::make_directories(work);
    result.root = OverlayRoot{{lower()}, upper(), work};
    result.argv = std::move(argv);
    result.env = {"PATH=/bin:/usr/bin", "HOME=/root"};
    return result;
  }
  Spec shell(const std::string& script) const { return spec({"sh", "-c", script}); }

  static Outcome run(const Spec& spec, const std::stop_token& stop = {}) {
    Outcome outcome;
    outcome.status = Machine::get().launcher().run(
        spec,
        [&](int stream, base::ByteSpan bytes) {
          auto& text = stream == 1 ? outcome.output : outcome.errors;
          text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        },
        stop);
    return outcome;
  }
  Outcome run_shell(const std::string& script) const { return run(shell(script)); }

  // Everything below the upper directory, sorted, relative.
  std::vector<std::string> changes() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(upper())) {
      names.push_back(fs::relative(entry.path(), upper()).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::unique_ptr<os::TempDir> directory_;
  mutable int specs_ = 0;
};

inline bool single_id() {
  return Machine::get().tier() == Tier::kSingleIdUserNamespace;
}

}  // namespace cooper::sandbox::test
