#include "build/context_view.h"

#include <gmock/gmock.h>

#include "snapshot/merged_view.h"
#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;

class BuildContextView : public support::LayerFixture {
 protected:
  ContextView view(const std::string& directory) { return ContextView(tree_, directory); }
  static std::vector<std::string> listed(const ContextView& view, const std::string& path = "") {
    std::vector<std::string> names;
    for (const snapshot::Entry& entry : view.list(path)) names.push_back(entry.path);
    return names;
  }
  std::shared_ptr<const snapshot::TreeView> tree_ =
      std::make_shared<snapshot::MergedView>(snapshot::LayerStack{layer(LayerTar()
                                                                            .directory("a")
                                                                            .directory("a/b")
                                                                            .file("a/b/x", "content")
                                                                            .hardlink("a/b/y", "a/b/x")
                                                                            .file("a/b/z.log", "log")
                                                                            .directory("a/b/logs")
                                                                            .file("a/b/logs/keep", "1")
                                                                            .file("a/b/logs/drop", "1")
                                                                            .file("outside", "no")
                                                                            .symlink("link", "a/b"))});
};

TEST_F(BuildContextView, IsWhatLiesBelowADirectory) {
  for (const char* directory : {"a/b", "/a/b/", "link"}) {
    const ContextView part = view(directory);
    EXPECT_THAT(listed(part), ElementsAre("logs", "x", "y", "z.log")) << directory;
    EXPECT_EQ(content(part, "x"), "content");
    EXPECT_EQ(part.content_digest(*part.lookup("x")), base::sha256("content"));
    EXPECT_TRUE(part.lookup("")->is_directory());
    EXPECT_EQ(part.lookup("outside"), std::nullopt);
    EXPECT_NE(part.link_group(*part.lookup("x")), "");
    EXPECT_EQ(part.link_group(*part.lookup("x")), part.link_group(*part.lookup("y")));
  }
  EXPECT_THAT(listed(view("")), ElementsAre("a", "link", "outside"));
}

TEST_F(BuildContextView, MustBeADirectory) {
  for (const char* directory : {"none", "outside", "a/b/x"}) {
    const base::Error error = error_of([&] { view(directory); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kContext) << directory;
  }
  // Nothing is above the root.
  EXPECT_THAT(listed(view("../../a")), ElementsAre("b"));
}

TEST_F(BuildContextView, HidesWhatIsIgnored) {
  ContextView part = view("a/b");
  part.ignore(context::PatternMatcher({"*.log", "logs", "!logs/keep"}), pool_);
  EXPECT_THAT(listed(part), ElementsAre("logs", "x", "y"));
  EXPECT_THAT(listed(part, "logs"), ElementsAre("logs/keep"));
  EXPECT_EQ(part.lookup("z.log"), std::nullopt);
  EXPECT_EQ(error_of([&] { part.open("logs/drop"); }).kind(), base::ErrorKind::kIo);
}

TEST_F(BuildContextView, AnIgnoredDirectoryIsGoneWithAllBelow) {
  ContextView part = view("a/b");
  part.ignore(context::PatternMatcher({"logs"}), pool_);
  EXPECT_EQ(part.lookup("logs"), std::nullopt);
  EXPECT_EQ(part.lookup("logs/keep"), std::nullopt);
}

}  // namespace
}  // namespace cooper::build
