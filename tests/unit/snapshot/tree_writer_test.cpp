// What a tree on disk leaves to the index.
#include "snapshot/tree_writer.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/beneath.h"
#include "support/overlay_run.h"

namespace cooper::snapshot {
namespace {

constexpr int kNoMounts = 99;

// In an overlay mount of `directory`: 0 when a whiteout is left out, 1 when it is there.
int add_whiteout_on_overlay(const std::string& directory) {
  if (!support::overlay_run_detail::enter_namespaces()) return kNoMounts;
  for (const char* name : {"/lower", "/upper", "/work", "/tree"})
    std::filesystem::create_directory(directory + name);
  const std::string options = "userxattr,lowerdir=" + directory + "/lower,upperdir=" + directory +
                              "/upper,workdir=" + directory + "/work";
  if (::mount("overlay", (directory + "/tree").c_str(), "overlay", 0, options.c_str()) != 0) return kNoMounts;
  Entry gone;
  gone.path = "gone";
  gone.type = EntryType::kWhiteout;
  TreeWriter(directory + "/tree", Form::kReal).add(gone);
  return std::filesystem::exists(directory + "/tree/gone") ? 1 : 0;
}

TEST(SnapshotTreeWriter, LeavesOutWhiteoutsThatAnOverlayRefuses) {
  const os::TempDir directory(std::filesystem::temp_directory_path().string());
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 2;
    try {
      result = add_whiteout_on_overlay(directory.path());
    } catch (const std::exception& error) {
      ::fprintf(stderr, "%s\n", error.what());
    }
    ::_exit(result);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoMounts) GTEST_SKIP() << "this machine lets us make no overlay mounts";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace cooper::snapshot
