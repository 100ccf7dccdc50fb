#include "snapshot/apply.h"

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "snapshot/xattrs.h"
#include "support/layer_tar.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::LayerTar;

class SnapshotApply : public testing::Test {
 protected:
  static Form form() { return ::geteuid() == 0 ? Form::kReal : Form::kOwn; }

  LayerIndex apply(const LayerTar& tar) { return apply_bytes(tar.bytes(), form()); }
  LayerIndex apply_bytes(const std::string& bytes, Form form) {
    os::remove_tree(tree_);
    fs::create_directory(tree_);
    support::StringSource source(bytes, 10'000);
    return apply_layer(source, tree_, form, {}, {});
  }
  std::string disk(const std::string& path) const { return os::read_file(tree_ + "/" + path); }
  struct stat status(const std::string& path) const {
    struct stat found {};
    EXPECT_EQ(::lstat((tree_ + "/" + path).c_str(), &found), 0) << path;
    return found;
  }
  // What is expected to be refused, with the entry named in the message.
  void expect_corrupt(const LayerTar& tar, const std::string& entry) {
    try {
      apply(tar);
      ADD_FAILURE() << "accepted: " << entry;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt) << error.what();
      EXPECT_NE(std::string(error.what()).find("'" + entry + "'"), std::string::npos) << error.what();
    }
    EXPECT_EQ(os::read_file(outside_ + "/secret"), "untouched");
    EXPECT_EQ(std::distance(fs::directory_iterator(outside_), {}), 1);
  }

  void SetUp() override {
    fs::create_directory(outside_);
    std::ofstream(outside_ + "/secret") << "untouched";
  }

  os::TempDir directory_{testing::TempDir(), "apply-"};
  std::string tree_ = directory_.path() + "/tree";
  std::string outside_ = directory_.path() + "/outside";
};

std::vector<std::string> paths(const LayerIndex& index) {
  std::vector<std::string> found;
  for (const Entry& entry : index.entries()) found.push_back(entry.path);
  return found;
}
using Paths = std::vector<std::string>;

TEST_F(SnapshotApply, UnpacksWhatTarPacks) {
  std::string source = directory_.path() + "/source";
  std::string script =
      "mkdir -p " + source + "/d/e && cd " + source +
      " && printf hello > d/file && chmod 4750 d/file && ln d/file d/link && ln -s ../d e.sym &&"
      " mkfifo d/fifo && truncate -s 300000 d/sparse && printf end >> d/sparse && chmod 1777 d/e &&"
      " printf odd > \"$(printf 'sp ace\\n\\377')\" && touch -d @1234567890.5 d/file &&"
      " mkdir -p " +
      std::string(90, 'l') + "/" + std::string(90, 'm') + "/" + std::string(90, 'n') +
      " && tar --sparse --format=posix -cf ../made.tar .";
  ASSERT_EQ(std::system(script.c_str()), 0);
  LayerIndex index = apply_bytes(os::read_file(directory_.path() + "/made.tar"), form());
  const Entry* file = index.find("d/file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->type, EntryType::kFile);
  EXPECT_EQ(file->mode, 04750U);
  EXPECT_EQ(file->mtime, 1234567890);
  EXPECT_EQ(file->mtime_nsec, 500'000'000U);
  EXPECT_EQ(index.find("d/link")->type, EntryType::kHardlink);
  EXPECT_EQ(index.find("d/link")->link_target, "d/file");
  EXPECT_EQ(index.find("d/link")->size, 5U);
  EXPECT_EQ(index.find("d/fifo")->type, EntryType::kFifo);
  EXPECT_EQ(index.find("e.sym")->link_target, "../d");
  EXPECT_EQ(disk("d/link"), "hello");
  EXPECT_EQ(disk("sp ace\n\xff"), "odd");
  EXPECT_EQ(disk("d/sparse"), std::string(300000, '\0') + "end");
  EXPECT_NE(index.find(std::string(90, 'l') + "/" + std::string(90, 'm') + "/" + std::string(90, 'n')),
            nullptr);
  EXPECT_EQ(status("d/file").st_mode & 07777U, 04750U);
  EXPECT_EQ(status("d/file").st_ino, status("d/link").st_ino);
  EXPECT_EQ(status("d/file").st_mtim.tv_sec, 1234567890);
  EXPECT_EQ(status("d/e").st_mode & 07777U, 01777U);
}

TEST_F(SnapshotApply, ASymlinkHasItsOneModeWhateverTheTarSays) {
  archive::TarEntry link;
  link.path = "link";
  link.type = archive::EntryType::kSymlink;
  link.link_target = "x";
  link.mode = 0644;
  EXPECT_EQ(apply(support::LayerTar().add(link)).find("link")->mode, 0777U);
}

TEST_F(SnapshotApply, SetsTheTimesOfDirectoriesLast) {
  apply(LayerTar().directory("d").file("d/a").file("d/b"));
  EXPECT_EQ(status("d").st_mtim.tv_sec, 1'700'000'001);
}

TEST_F(SnapshotApply, RefusesNamesThatLeaveTheRoot) {
  for (const char* name : {"../outside/new", "a/../../outside/new", "/../outside/new", ".."}) {
    expect_corrupt(LayerTar().file(name, "x"), name);
  }
  EXPECT_EQ(paths(apply(LayerTar().file("/abs/x").file("./a/../b").file("c//d/."))),
            (Paths{"abs/x", "b", "c/d"}));
}

TEST_F(SnapshotApply, NeverWritesThroughASymlinkToTheOutside) {
  for (const std::string& target :
       {outside_, std::string("../outside"), std::string("/../../../../..") + outside_}) {
    LayerIndex index = apply(LayerTar().symlink("link", target).file("link/secret", "overwritten"));
    EXPECT_EQ(os::read_file(outside_ + "/secret"), "untouched");
    // The file is where the link leads when the layer is the root.
    std::string inside = clean_path(target) + "/secret";
    ASSERT_NE(index.find(inside), nullptr) << target;
    EXPECT_EQ(disk(inside), "overwritten");
  }
}

TEST_F(SnapshotApply, ResolvesParentsInsideTheLayer) {
  LayerIndex index = apply(LayerTar()
                               .directory("usr/lib")
                               .symlink("lib", "usr/lib")
                               .file("lib/x", "x")
                               .symlink("usr/lib/self", ".")
                               .file("lib/self/self/y", "y")
                               .hardlink("lib/z", "lib/x"));
  EXPECT_EQ(paths(index), (Paths{"lib", "usr/lib", "usr/lib/self", "usr/lib/x", "usr/lib/y", "usr/lib/z"}));
  EXPECT_EQ(disk("usr/lib/z"), "x");
  expect_corrupt(LayerTar().symlink("a", "b").symlink("b", "a").file("a/x"), "a/x");
  expect_corrupt(LayerTar().file("f").file("f/x"), "f/x");
}

TEST_F(SnapshotApply, ReplacesASymlinkInsteadOfFollowingIt) {
  LayerIndex index = apply(LayerTar().symlink("secret", outside_ + "/secret").file("secret", "mine"));
  EXPECT_EQ(index.find("secret")->type, EntryType::kFile);
  EXPECT_EQ(disk("secret"), "mine");
  EXPECT_EQ(os::read_file(outside_ + "/secret"), "untouched");
  apply(LayerTar().symlink("out", outside_).directory("out").file("out/secret", "x"));
  EXPECT_EQ(os::read_file(outside_ + "/secret"), "untouched");
}

TEST_F(SnapshotApply, RefusesHardlinksToTheOutsideAndToOtherLayers) {
  expect_corrupt(LayerTar().hardlink("h", "../outside/secret"), "h");
  expect_corrupt(LayerTar().hardlink("h", outside_ + "/secret"), "h");
  expect_corrupt(LayerTar().symlink("s", outside_).hardlink("h", "s/secret"), "h");
  expect_corrupt(LayerTar().hardlink("h", "in-a-lower-layer"), "h");
  expect_corrupt(LayerTar().directory("d").hardlink("h", "d"), "h");
  expect_corrupt(LayerTar().file(".wh.x").hardlink("h", "x"), "h");
  expect_corrupt(LayerTar().file("d/x").hardlink("d", "d/x"), "d");
}

TEST_F(SnapshotApply, MakesTheFirstNameOfAnInodeTheFile) {
  LayerIndex index =
      apply(LayerTar().file("z", "text").hardlink("a", "z").hardlink("m", "a").hardlink("z", "a"));
  EXPECT_EQ(index.find("a")->type, EntryType::kFile);
  EXPECT_EQ(index.find("a")->size, 4U);
  EXPECT_EQ(index.find("m")->link_target, "a");
  EXPECT_EQ(index.find("z")->link_target, "a");
  // The name that was linked to is given away; its inode lives on under the other.
  index = apply(LayerTar().file("a", "one").hardlink("b", "a").file("a", "two"));
  EXPECT_EQ(index.find("b")->type, EntryType::kFile);
  EXPECT_EQ(disk("a"), "two");
  EXPECT_EQ(disk("b"), "one");
  // A second name of a symlink is a symlink of its own.
  index = apply(LayerTar().symlink("a", "x").hardlink("b", "a"));
  EXPECT_EQ(index.find("b")->type, EntryType::kSymlink);
  EXPECT_EQ(index.find("b")->link_target, "x");
}

TEST_F(SnapshotApply, LetsTheLastOfSeveralEntriesWin) {
  LayerIndex index = apply(LayerTar().directory("d").file("d/a/b").file("d/c").file("d", "file"));
  EXPECT_EQ(paths(index), (Paths{"d"}));
  EXPECT_EQ(disk("d"), "file");
  index = apply(LayerTar().file("d", "file").directory("d").file("d/x", "1").file("d/x", "22"));
  EXPECT_EQ(paths(index), (Paths{"d", "d/x"}));
  EXPECT_EQ(disk("d/x"), "22");
  index = apply(LayerTar().directory("d", 0755).file("d/x").directory("d", 0700));
  EXPECT_EQ(paths(index), (Paths{"d", "d/x"}));
  EXPECT_EQ(status("d").st_mode & 07777U, 0700U);
  EXPECT_EQ(paths(apply(LayerTar().file("p/q").symlink("p", "x"))), (Paths{"p"}));
}

TEST_F(SnapshotApply, DoesNotClaimDirectoriesThatAreOnlyImplied) {
  LayerIndex index = apply(LayerTar().file("a/b/c"));
  EXPECT_EQ(paths(index), (Paths{"a/b/c"}));
  EXPECT_EQ(status("a/b").st_mode & 07777U, 0755U);
}

TEST_F(SnapshotApply, ReadsWhiteouts) {
  LayerIndex index = apply(LayerTar().file("a/.wh.gone").directory("o").file("o/.wh..wh..opq").file("o/x"));
  EXPECT_EQ(index.find("a/gone")->type, EntryType::kWhiteout);
  EXPECT_TRUE(index.find("o")->opaque);
  if (form() == Form::kReal) {
    EXPECT_TRUE(S_ISCHR(status("a/gone").st_mode));
    EXPECT_EQ(status("a/gone").st_rdev, 0U);
    char value = 0;
    EXPECT_EQ(::getxattr((tree_ + "/o").c_str(), "user.overlay.opaque", &value, 1), 1);
    EXPECT_EQ(value, 'y');
  }
  // A whiteout is about lower layers, whatever the order.
  index = apply(LayerTar().file("f", "kept").file(".wh.f").file("d/x").file(".wh.d"));
  EXPECT_EQ(index.find("f")->type, EntryType::kFile);
  EXPECT_TRUE(index.find("d")->opaque);
  EXPECT_NE(index.find("d/x"), nullptr);
  index = apply(
      LayerTar().file(".wh.f").file("f", "new").file(".wh.d").file("d/x").file(".wh.e").directory("e", 0700));
  EXPECT_EQ(disk("f"), "new");
  EXPECT_TRUE(index.find("d")->opaque);
  EXPECT_TRUE(index.find("e")->opaque);
  EXPECT_EQ(index.find("e")->mode, 0700U);
  // A second header of an opaque directory leaves it so.
  EXPECT_TRUE(apply(LayerTar().file("o/.wh..wh..opq").directory("o", 0711)).find("o")->opaque);
}

TEST_F(SnapshotApply, RefusesWhiteoutsOfNothing) {
  for (const char* name : {".wh.", "a/.wh.", ".wh..", ".wh...", "a/.wh...", ".wh.a/b"}) {
    expect_corrupt(LayerTar().file(name), name);
  }
  expect_corrupt(LayerTar().file("f").file("f/.wh..wh..opq"), "f/.wh..wh..opq");
  EXPECT_TRUE(apply(LayerTar().file(".wh..wh.plnk/1.2").file(".wh..wh.aufs")).entries().empty());
}

TEST_F(SnapshotApply, KeepsXattrsButNotOverlaysOwn) {
  archive::TarEntry entry;
  entry.path = "ping";
  entry.mode = 0755;
  std::string revision3("\1\0\0\3\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe8\3\0\0", 24);
  entry.xattrs = {{"security.capability", revision3},
                  {"user.note", "kept"},
                  {"user.overlay.opaque", "y"},
                  {"trusted.overlay.redirect", "/etc"},
                  {"security.selinux", "label"}};
  LayerIndex index = apply(LayerTar().add(entry, "x"));
  const Xattrs& kept = index.find("ping")->xattrs;
  EXPECT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept.at("user.note"), "kept");
  EXPECT_EQ(kept.at("security.capability"), std::string("\1\0\0\2", 4) + revision3.substr(4, 16));
  if (form() == Form::kReal) {
    char value[64];
    EXPECT_EQ(::getxattr((tree_ + "/ping").c_str(), "security.capability", value, sizeof value), 20);
    EXPECT_LT(::getxattr((tree_ + "/ping").c_str(), "security.selinux", value, sizeof value), 0);
  }
}

TEST_F(SnapshotApply, MakesDevicesOrPlaceholders) {
  archive::TarEntry null;
  null.path = "dev/null";
  null.type = archive::EntryType::kCharDevice;
  null.mode = 0666;
  null.device_major = 1;
  null.device_minor = 3;
  archive::TarEntry trick = null;
  trick.path = "dev/zero-zero";
  trick.device_major = trick.device_minor = 0;
  std::string tar = LayerTar().add(null).add(trick).bytes();
  for (Form form : {Form::kOwn, form()}) {
    LayerIndex index = apply_bytes(tar, form);
    EXPECT_EQ(index.find("dev/null")->type, EntryType::kCharDevice);
    EXPECT_EQ(index.find("dev/null")->device_minor, 3U);
    // A device 0:0 would hide the file of a lower layer.
    EXPECT_TRUE(S_ISREG(status("dev/zero-zero").st_mode));
    struct stat found = status("dev/null");
    EXPECT_TRUE(S_ISREG(found.st_mode) || (form == Form::kReal && found.st_rdev == makedev(1, 3)));
  }
}

TEST_F(SnapshotApply, KeepsOwnersInTheIndexWhereTheDiskCannot) {
  archive::TarEntry entry;
  entry.path = "secret";
  entry.mode = 0;
  entry.uid = 4'000'000'000U;
  entry.gid = 12;
  LayerIndex index =
      apply_bytes(LayerTar().add(entry, "x").directory("d", 0).file("d/x").bytes(), Form::kOwn);
  EXPECT_EQ(index.find("secret")->uid, 4'000'000'000U);
  EXPECT_EQ(index.find("secret")->mode, 0U);
  EXPECT_EQ(status("secret").st_uid, ::geteuid());
  EXPECT_EQ(status("secret").st_mode & 07777U, 0600U);
  EXPECT_EQ(status("d").st_mode & 07777U, 0700U);
}

TEST_F(SnapshotApply, RefusesWhatTheKernelCannotName) {
  std::string deep;
  while (deep.size() < PATH_MAX) deep += "directory/";
  expect_corrupt(LayerTar().file(deep + "x"), deep + "x");
  expect_corrupt(LayerTar().symlink("s", ""), "s");
  expect_corrupt(LayerTar().symlink("s", std::string(PATH_MAX, 'x')), "s");
  EXPECT_THROW(apply(LayerTar().file(std::string(300, 'n'))), base::Error);
  expect_corrupt(LayerTar().file(".", "root"), ".");
}

TEST_F(SnapshotApply, StopsAtATruncatedArchive) {
  std::string whole = LayerTar().file("a", std::string(5000, 'x')).file("b", "y").bytes();
  for (std::size_t size : {100UL, 512UL, 3000UL, 5700UL}) {
    EXPECT_THROW(apply_bytes(whole.substr(0, size), form()), base::Error) << size;
  }
}

TEST_F(SnapshotApply, FailsEarlyOnAFileThatCannotFit) {
  // Only the header says so: the content never comes.
  base::StringSink out;
  archive::TarWriter writer(out);
  archive::TarEntry entry;
  entry.path = "bomb";
  entry.size = std::uint64_t{1} << 60;
  writer.begin(entry);
  std::string zeros(4 << 20, '\0');
  writer.write_content(std::as_bytes(std::span(zeros)));
  try {
    apply_bytes(out.take(), form());
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), ENOSPC) << error.what();
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(SnapshotApply, EndsSoonAfterAStopRequest) {
  std::stop_source stop;
  stop.request_stop();
  fs::create_directory(tree_);
  support::StringSource source(LayerTar().file("a").bytes());
  try {
    apply_layer(source, tree_, form(), {}, stop.get_token());
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

}  // namespace
}  // namespace cooper::snapshot
