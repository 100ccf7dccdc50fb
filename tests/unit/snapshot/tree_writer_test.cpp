// What a tree on disk leaves to the index, and modes and owners that depend on what was there.
#include "snapshot/tree_writer.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

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

std::uint32_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

TEST(SnapshotTreeWriter, GivesEachEntryItsOwnModeWhateverItInherits) {
  const os::TempDir directory(std::filesystem::temp_directory_path().string());
  const bool is_root = ::geteuid() == 0;
  TreeWriter writer(directory.path(), is_root ? Form::kReal : Form::kMapped);
  auto entry = [&](const std::string& path, EntryType type, std::uint32_t mode) {
    Entry made;
    made.path = path;
    made.type = type;
    made.mode = mode;
    // Another owner than that of a new file, where that can be.
    made.uid = is_root ? 33 : ::geteuid();
    made.gid = is_root ? 44 : ::getegid();
    return made;
  };
  const mode_t before = ::umask(0027);
  writer.add(entry("shared", EntryType::kDirectory, 02770));
  writer.add(entry("shared/plain", EntryType::kDirectory, 0755));
  writer.add(entry("shared/special", EntryType::kDirectory, 03777));
  for (const auto& [name, mode] : std::vector<std::pair<std::string, std::uint32_t>>{
           {"shared/open", 0666}, {"shared/closed", 0400}, {"shared/setuid", 06755}}) {
    const Entry file = entry(name, EntryType::kFile, mode);
    writer.finish_file(writer.create_file(file), file);
  }
  ::umask(before);
  const std::string root = directory.path() + "/shared";
  EXPECT_EQ(mode_of(root), 02770U);
  EXPECT_EQ(mode_of(root + "/plain"), 0755U);
  EXPECT_EQ(mode_of(root + "/special"), 03777U);
  EXPECT_EQ(mode_of(root + "/open"), 0666U);
  EXPECT_EQ(mode_of(root + "/closed"), 0400U);
  EXPECT_EQ(mode_of(root + "/setuid"), 06755U);
}

}  // namespace
}  // namespace cooper::snapshot
