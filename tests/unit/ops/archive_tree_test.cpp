#include "ops/archive_tree.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "context/local_tree.h"
#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using snapshot::EntryType;
using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OpsArchiveTree : public OpsFixture {
 protected:
  std::shared_ptr<const ArchiveTree> unpack(const std::string& bytes) {
    support::StringSource source(bytes, 1000);
    return ArchiveTree::unpack(source, "context.tar", store_->make_temp("context-"), 4000);
  }
  std::shared_ptr<const ArchiveTree> unpack(const LayerTar& tar) { return unpack(tar.bytes()); }
  std::vector<std::string> all(const snapshot::TreeView& tree) {
    std::vector<std::string> names;
    for (const snapshot::Entry& entry : context::walk(tree, "", pool_)) names.push_back(entry.path);
    return names;
  }
  std::vector<std::string> without(const ArchiveTree& tree, std::vector<std::string> patterns) {
    return all(*tree.without(context::PatternMatcher(std::move(patterns))));
  }
  static archive::TarEntry file_at(const std::string& path, std::int64_t mtime) {
    archive::TarEntry entry;
    entry.path = path;
    entry.mtime = mtime;
    return entry;
  }
  std::size_t left_in_temp() const {
    std::size_t count = 0;
    for (const auto& lease : std::filesystem::directory_iterator(store_->path() + "/tmp")) {
      for ([[maybe_unused]] const auto& item : std::filesystem::directory_iterator(lease)) ++count;
    }
    return count;
  }
};

TEST_F(OpsArchiveTree, ShowsWhatTheArchiveHolds) {
  archive::TarEntry owned = file_at("a/file", 123);
  owned.mode = 04750;
  owned.uid = 7;
  owned.gid = 8;
  auto tree =
      unpack(LayerTar().directory("a", 0700).add(owned, "bytes").symlink("a-link", "a").file("z/deep/f"));
  EXPECT_THAT(all(*tree), ElementsAre("", "a", "a/file", "a-link", "z", "z/deep", "z/deep/f"));
  snapshot::Entry file = tree->lookup("a/file").value();
  EXPECT_EQ(file.mode, 04750U);
  EXPECT_EQ(file.uid, 7U);
  EXPECT_EQ(file.gid, 8U);
  EXPECT_EQ(file.mtime, 123);
  EXPECT_EQ(content(*tree, "a/file"), "bytes");
  EXPECT_EQ(tree->content_digest(file), base::sha256("bytes"));
  EXPECT_EQ(tree->content_digest(file), base::sha256("bytes")) << "remembered";
  EXPECT_EQ(tree->lookup("z/deep")->mtime, 4000) << "implied";
  EXPECT_EQ(tree->lookup("a-link")->link_target, "a");
  EXPECT_EQ(tree->lookup("b"), std::nullopt);
  EXPECT_THAT(tree->list("a/file"), IsEmpty());
  EXPECT_THAT(tree->list("nothing"), IsEmpty());
}

TEST_F(OpsArchiveTree, HardlinksAreFilesOfOneGroup) {
  auto tree = unpack(LayerTar().file("b", "same").hardlink("a", "b").file("c", "other"));
  snapshot::Entry a = tree->lookup("a").value();
  snapshot::Entry b = tree->lookup("b").value();
  EXPECT_EQ(a.type, EntryType::kFile);
  EXPECT_EQ(b.type, EntryType::kFile);
  EXPECT_NE(tree->link_group(a), "");
  EXPECT_EQ(tree->link_group(a), tree->link_group(b));
  EXPECT_EQ(tree->link_group(*tree->lookup("c")), "");
  EXPECT_EQ(content(*tree, "a"), "same");
  EXPECT_EQ(content(*tree, "b"), "same");
}

TEST_F(OpsArchiveTree, IgnoresAsADirectoryWould) {
  auto tree = unpack(LayerTar()
                         .file("keep", "1")
                         .file("logs/a.log")
                         .file("logs/keep.log", "2")
                         .file("node_modules/x/y")
                         .directory("empty"));
  EXPECT_THAT(without(*tree, {"node_modules", "empty"}),
              ElementsAre("", "keep", "logs", "logs/a.log", "logs/keep.log"));
  EXPECT_THAT(without(*tree, {"**", "!logs/keep.log"}), ElementsAre("", "logs", "logs/keep.log"));
  EXPECT_THAT(without(*tree, {"*"}), ElementsAre(""));
  auto some = tree->without(context::PatternMatcher({"*", "!logs", "logs/a*"}));
  tree.reset();
  EXPECT_THAT(all(*some), ElementsAre("", "logs", "logs/keep.log"));
  EXPECT_EQ(content(*some, "logs/keep.log"), "2") << "contents live as long as anyone shows them";
  EXPECT_EQ(error_of([&] { some->open("keep"); }).errno_value(), ENOENT);
}

TEST_F(OpsArchiveTree, KnowsItsNewestFile) {
  archive::TarEntry directory = file_at("d", 900);
  directory.type = archive::EntryType::kDirectory;
  EXPECT_EQ(unpack(LayerTar().add(file_at("a", 100)).add(file_at("b", 300)).add(directory))->newest_file(),
            300);
  EXPECT_EQ(unpack(LayerTar().add(directory))->newest_file(), std::nullopt);
}

TEST_F(OpsArchiveTree, TakesEveryCompression) {
  for (oci::Compression kind : {oci::Compression::kNone, oci::Compression::kGzip, oci::Compression::kZstd}) {
    EXPECT_EQ(content(*unpack(support::make_blob(LayerTar().file("f", "x").bytes(), kind).bytes), "f"), "x");
  }
}

TEST_F(OpsArchiveTree, LinksLeadNowhereElse) {
  auto tree = unpack(LayerTar().symlink("out", "/etc").file("out/passwd", "own").symlink("up", "../../.."));
  EXPECT_THAT(all(*tree), ElementsAre("", "etc", "etc/passwd", "out", "up"));
  EXPECT_EQ(content(*tree, "etc/passwd"), "own");
  EXPECT_EQ(snapshot::resolve_symlinks(*tree, "up/etc/passwd", true), "etc/passwd");
}

TEST_F(OpsArchiveTree, LeavesNothingBehind) {
  {
    auto tree = unpack(LayerTar().file("f", "x"));
    EXPECT_EQ(left_in_temp(), 1U);
  }
  EXPECT_EQ(left_in_temp(), 0U);
  for (const LayerTar& tar :
       {LayerTar().file("a", "x").file("../b"), LayerTar().file("a", "x").hardlink("b", "gone")}) {
    base::Error error = error_of([&] { unpack(tar); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
    EXPECT_THAT(error.message(), HasSubstr("'context.tar'"));
  }
  std::string cut = LayerTar().file("a", "x").file("b", std::string(5000, 'y')).bytes();
  EXPECT_EQ(error_of([&] { unpack(cut.substr(0, 3000)); }).kind(), base::ErrorKind::kCorrupt);
  EXPECT_EQ(left_in_temp(), 0U);
}

}  // namespace
}  // namespace cooper::ops
