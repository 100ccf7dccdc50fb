#include "snapshot/merged_view.h"

#include "base/error.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

using support::LayerTar;

class SnapshotMergedView : public support::LayerFixture {
 protected:
  // "name" for a file, "name/" for a directory, "name@" for a symlink.
  static std::vector<std::string> names(const MergedView& view, const std::string& path) {
    std::vector<std::string> found;
    for (const Entry& entry : view.list(path)) {
      EXPECT_EQ(view.lookup(entry.path), entry) << entry.path;
      const char* mark = entry.is_directory() ? "/" : entry.type == EntryType::kSymlink ? "@" : "";
      found.push_back(entry.path + mark);
    }
    return found;
  }
  using Names = std::vector<std::string>;
};

TEST_F(SnapshotMergedView, HasARootEvenWithoutLayers) {
  MergedView view({});
  ASSERT_TRUE(view.lookup(""));
  EXPECT_TRUE(view.lookup("")->is_directory());
  EXPECT_EQ(view.lookup("")->mode, 0755U);
  EXPECT_TRUE(view.list("").empty());
  EXPECT_FALSE(view.lookup("a"));
}

TEST_F(SnapshotMergedView, ShowsTheTopmost) {
  MergedView view({layer(LayerTar().directory("a").file("a/x", "old").file("a/y", "y").file("a-b")),
                   layer(LayerTar().directory("a", 0700).file("a/x", "new").file("a/z"))});
  EXPECT_EQ(content(view, "a/x"), "new");
  EXPECT_EQ(content(view, "a/y"), "y");
  EXPECT_EQ(view.lookup("a")->mode, 0700U);
  EXPECT_EQ(names(view, ""), (Names{"a/", "a-b"}));
  EXPECT_EQ(names(view, "a"), (Names{"a/x", "a/y", "a/z"}));
  EXPECT_TRUE(view.list("a/x").empty());
  EXPECT_TRUE(view.list("nothing").empty());
  EXPECT_FALSE(view.lookup("a/x/y"));
}

TEST_F(SnapshotMergedView, HidesWhatIsWhitedOut) {
  MergedView view({layer(LayerTar().file("a/b/c").file("a/d")),
                   layer(LayerTar().file("a/.wh.b").file(".wh.zzz")), layer(LayerTar().file("a/b/new"))});
  EXPECT_EQ(names(view, "a"), (Names{"a/b/", "a/d"}));
  EXPECT_EQ(names(view, "a/b"), (Names{"a/b/new"}));
  EXPECT_FALSE(view.lookup("a/b/c"));
  EXPECT_FALSE(view.lookup("zzz"));
}

TEST_F(SnapshotMergedView, HidesWhatIsBelowAnOpaqueDirectory) {
  MergedView view({layer(LayerTar().directory("a", 0711).file("a/old").file("a/s/t")),
                   layer(LayerTar().directory("a").file("a/.wh..wh..opq").file("a/new"))});
  EXPECT_EQ(names(view, "a"), (Names{"a/new"}));
  EXPECT_FALSE(view.lookup("a/s/t"));
  EXPECT_FALSE(view.lookup("a")->opaque);
}

TEST_F(SnapshotMergedView, LetsFilesAndDirectoriesReplaceOneAnother) {
  LayerPtr base = layer(LayerTar().file("d/x").file("f", "file"));
  LayerPtr swapped = layer(LayerTar().file("d", "now a file").file("f/x", "now a directory"));
  LayerPtr back = layer(LayerTar().file("d/y"));
  MergedView view({base, swapped});
  EXPECT_EQ(content(view, "d"), "now a file");
  EXPECT_FALSE(view.lookup("d/x"));
  EXPECT_EQ(names(view, "f"), (Names{"f/x"}));
  EXPECT_EQ(names(MergedView({base, swapped, back}), "d"), (Names{"d/y"}));
}

TEST_F(SnapshotMergedView, TakesImpliedDirectoriesFromBelow) {
  MergedView view({layer(LayerTar().directory("a", 0700).directory("a/b", 01777)),
                   layer(LayerTar().file("a/b/c/d")), layer(LayerTar().file("a/b/e"))});
  EXPECT_EQ(view.lookup("a")->mode, 0700U);
  EXPECT_EQ(view.lookup("a/b")->mode, 01777U);
  EXPECT_EQ(view.lookup("a/b/c")->mode, 0755U);
  EXPECT_EQ(names(view, "a/b"), (Names{"a/b/c/", "a/b/e"}));
}

TEST_F(SnapshotMergedView, DoesNotLookThroughSymlinks) {
  MergedView view({layer(LayerTar().file("usr/lib/x").symlink("lib", "usr/lib"))});
  EXPECT_FALSE(view.lookup("lib/x"));
  EXPECT_EQ(names(view, ""), (Names{"lib@", "usr/"}));
  EXPECT_THROW(view.open("lib"), base::Error);
  EXPECT_THROW(view.open("usr"), base::Error);
  EXPECT_THROW(view.open("gone"), base::Error);
}

TEST_F(SnapshotMergedView, GroupsHardlinks) {
  LayerPtr one = layer(LayerTar().file("b", "text").hardlink("a", "b").hardlink("c", "a").file("alone"));
  MergedView view({one, layer(LayerTar().file(".wh.a"))});
  std::string group = view.link_group(*view.lookup("b"));
  EXPECT_FALSE(group.empty());
  EXPECT_EQ(view.link_group(*view.lookup("c")), group);
  EXPECT_EQ(view.link_group(*view.lookup("alone")), "");
  EXPECT_EQ(view.lookup("c")->type, EntryType::kFile);
  EXPECT_EQ(view.lookup("c")->size, 4U);
  EXPECT_EQ(content(view, "c"), "text");
  EXPECT_EQ(view.content_digest(*view.lookup("c")), base::sha256("text"));
  EXPECT_EQ(view.content_digest(*view.lookup("b")), base::sha256("text"));
}

TEST_F(SnapshotMergedView, NoticesAFileThatWasChangedInTheStore) {
  LayerPtr one = layer(LayerTar().file("a", "text"));
  MergedView view({one});
  ASSERT_EQ(::truncate((one->tree() + "/a").c_str(), 2), 0);
  EXPECT_THROW(view.content_digest(*view.lookup("a")), base::Error);
}

TEST_F(SnapshotMergedView, NeedsMaterialisedLayers) {
  LayerPtr lazy = declare(support::make_blob(LayerTar().file("a").bytes()));
  EXPECT_THROW(MergedView({lazy}), base::Error);
}

}  // namespace
}  // namespace cooper::snapshot
