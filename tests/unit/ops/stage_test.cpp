#include "ops/stage.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using support::error_of;
using support::LayerTar;

class OpsStage : public OpsFixture {
 protected:
  static Addition from(std::shared_ptr<const snapshot::TreeView> tree, const std::string& path,
                       const std::string& to) {
    Addition addition;
    addition.entry = *tree->lookup(path);
    addition.entry.path = to;
    addition.bytes = {std::move(tree), path, {}};
    return addition;
  }
  snapshot::LayerPtr stage(std::vector<Addition> additions, LayerUse use = LayerUse::kMounted) {
    snapshot::Staging staging = layers_.begin();
    snapshot::LayerIndex index = stage_additions(std::move(additions), staging, form(), use, pool_);
    return layers_.commit(std::move(staging), std::move(index));
  }
  static std::string read(const snapshot::LayerPtr& layer, const std::string& path) {
    return content(snapshot::MergedView({layer}), path);
  }
  static ino_t inode(const snapshot::LayerPtr& layer, const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::lstat((layer->tree() + "/" + path).c_str(), &info), 0) << path;
    return info.st_ino;
  }
};

TEST_F(OpsStage, WritesContentFromMemoryAndTrees) {
  write("a", "from the context");
  Addition text;
  text.entry.path = "dir/text";
  text.entry.mode = 0600;
  text.entry.mtime = 1234;
  text.entry.size = 11;
  text.bytes.content = "from memory";
  snapshot::LayerPtr made = stage({from(context(), "a", "dir/a"), text});
  EXPECT_EQ(read(made, "dir/a"), "from the context");
  EXPECT_EQ(read(made, "dir/text"), "from memory");
  EXPECT_EQ(made->index().find("dir/text")->mtime, 1234);
  EXPECT_EQ(made->index().find("dir/text")->mode, 0600U);
}

std::vector<Addition> many_files(int count) {
  std::vector<Addition> additions;
  for (int i = 0; i < count; ++i) {
    Addition addition;
    addition.entry.path = "f" + std::to_string(i);
    addition.entry.mode = 0644;
    addition.bytes.content = std::to_string(i);
    addition.entry.size = addition.bytes.content.size();
    additions.push_back(std::move(addition));
  }
  std::sort(additions.begin(), additions.end(), [](const Addition& a, const Addition& b) {
    return snapshot::path_less(a.entry.path, b.entry.path);
  });
  return additions;
}

TEST_F(OpsStage, PacksManySmallFilesOfALayerThatIsOnlyRead) {
  std::vector<Addition> additions = many_files(700);
  Addition link;
  link.entry.path = "z";
  link.entry.type = EntryType::kHardlink;
  link.entry.link_target = "f42";
  additions.push_back(link);
  snapshot::LayerPtr made = stage(std::move(additions), LayerUse::kOnlyRead);
  EXPECT_FALSE(made->has_tree());
  for (int i : {0, 255, 256, 511, 512, 699})
    EXPECT_EQ(read(made, "f" + std::to_string(i)), std::to_string(i));
  EXPECT_EQ(read(made, "z"), "42");
  EXPECT_EQ(made->content_digest(*made->index().find("f7")), base::sha256("7"));
}

TEST_F(OpsStage, APackGivesTheSameBlobAsATree) {
  snapshot::LayerPtr tree = stage(many_files(300));
  snapshot::LayerPtr pack = stage(many_files(300), LayerUse::kOnlyRead);
  ASSERT_FALSE(pack->has_tree());
  EXPECT_EQ(layers_.seal(*pack, {}, nullptr, {}).diff_id, layers_.seal(*tree, {}, nullptr, {}).diff_id);
}

TEST_F(OpsStage, APackedLayerGetsItsTreeWhenItIsMounted) {
  snapshot::LayerPtr made = stage(many_files(300), LayerUse::kOnlyRead);
  layers_.prepare_overlay({made}, "");
  ASSERT_TRUE(made->has_tree());
  EXPECT_EQ(os::read_file(made->tree() + "/f299"), "299");
  // And so it is found by whoever comes later.
  snapshot::LayerStore later(store_, form(), pool_);
  snapshot::LayerPtr found = later.find(made->id());
  later.materialize(*found, {});
  EXPECT_TRUE(found->has_tree());
}

TEST_F(OpsStage, APackIsFoundAgain) {
  snapshot::LayerPtr made = stage(many_files(300), LayerUse::kOnlyRead);
  snapshot::LayerStore later(store_, form(), pool_);
  snapshot::LayerPtr found = later.find(made->id());
  ASSERT_NE(found, nullptr);
  later.materialize(*found, {});
  EXPECT_EQ(read(found, "f299"), "299");
}

TEST_F(OpsStage, FewFilesAreNotPacked) {
  EXPECT_TRUE(stage(many_files(10), LayerUse::kOnlyRead)->has_tree());
}

TEST_F(OpsStage, APackedFileThatIsNotWhatItsKeyWasMadeOfIsRefused) {
  std::vector<Addition> additions = many_files(100);
  additions[50].entry.content = base::sha256("something else");
  EXPECT_EQ(error_of([&] { stage(std::move(additions), LayerUse::kOnlyRead); }).kind(),
            base::ErrorKind::kContext);
}

TEST_F(OpsStage, WritesMoreFilesThanOneTaskHolds) {
  snapshot::LayerPtr made = stage(many_files(700));
  EXPECT_EQ(made->index().entries().size(), 700U);
  for (int i : {0, 255, 256, 511, 512, 699})
    EXPECT_EQ(read(made, "f" + std::to_string(i)), std::to_string(i));
}

TEST_F(OpsStage, AFileThatChangedSinceItsKeyIsAnError) {
  write("sub/a", "before");
  Addition addition = from(context(), "sub/a", "a");
  addition.entry.content = base::sha256("before");
  write("sub/a", "behind");
  base::Error error = error_of([&] { stage({addition}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "'/sub/a' changed while it was being copied");
  EXPECT_NE(error.hint(), "");
}

TEST_F(OpsStage, AFileThatGrewOrShrankIsAnError) {
  write("a", "before");
  Addition addition = from(context(), "a", "a");
  addition.entry.content = base::sha256("before");
  write("a", "before and after");
  EXPECT_EQ(error_of([&] { stage({addition}); }).kind(), base::ErrorKind::kContext);
  addition.entry.content = {};
  write("a", "be");
  EXPECT_EQ(error_of([&] { stage({addition}); }).kind(), base::ErrorKind::kContext);
}

TEST_F(OpsStage, AnUnchangedFileOfALayerSharesItsInode) {
  snapshot::LayerPtr source = layer(LayerTar().directory("d").file("d/big", "bytes"));
  auto tree = std::make_shared<snapshot::MergedView>(snapshot::LayerStack{source});
  snapshot::LayerPtr made = stage({from(tree, "d/big", "other")});
  EXPECT_EQ(inode(made, "other"), inode(source, "d/big"));
  EXPECT_EQ(read(made, "other"), "bytes");
}

TEST_F(OpsStage, AChangedFileOfALayerIsCopied) {
  snapshot::LayerPtr source = layer(LayerTar().file("big", "bytes"));
  auto tree = std::make_shared<snapshot::MergedView>(snapshot::LayerStack{source});
  Addition addition = from(tree, "big", "other");
  addition.entry.mode = 0700;
  snapshot::LayerPtr made = stage({addition});
  EXPECT_NE(inode(made, "other"), inode(source, "big"));
  EXPECT_EQ(read(made, "other"), "bytes");
  EXPECT_EQ(made->index().find("other")->mode, 0700U);
  EXPECT_EQ(source->index().find("big")->mode, 0644U);
}

TEST_F(OpsStage, AContextNeverSharesInodes) {
  write("a", "x");
  snapshot::LayerPtr made = stage({from(context(), "a", "a")});
  struct stat info {};
  ASSERT_EQ(::stat(context_path("a").c_str(), &info), 0);
  EXPECT_NE(inode(made, "a"), info.st_ino);
}

TEST_F(OpsStage, HardlinksOfTheLayerAreOneFile) {
  TreeBuilder builder(nullptr);
  write("a", "same");
  for (const char* path : {"x", "y"}) {
    Addition addition = from(context(), "a", path);
    addition.link_group = "g";
    builder.put(std::move(addition));
  }
  snapshot::LayerPtr made = stage(builder.take());
  EXPECT_EQ(inode(made, "x"), inode(made, "y"));
  EXPECT_EQ(made->index().find("y")->type, EntryType::kHardlink);
}

}  // namespace
}  // namespace cooper::ops
