#include "ops/squash.h"

#include <gmock/gmock.h>

#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using support::LayerTar;
using ::testing::ElementsAre;

class OpsSquash : public support::LayerFixture {
 protected:
  snapshot::LayerPtr squashed(const snapshot::LayerStack& layers,
                              const std::vector<std::string>& left_out = {}) {
    return squash(layers, left_out, layers_, pool_, {});
  }
  // "path", with "-" before a whiteout, "!" before an opaque directory, "=target" behind a hardlink.
  static std::vector<std::string> listed(const snapshot::LayerPtr& layer) {
    std::vector<std::string> lines;
    for (const Entry& entry : layer->index().entries()) {
      const std::string mark = entry.type == EntryType::kWhiteout ? "-" : entry.opaque ? "!" : "";
      const std::string target = entry.type == EntryType::kHardlink ? "=" + entry.link_target : "";
      lines.push_back(mark + entry.path + target);
    }
    return lines;
  }
  // All paths of a stack with their contents.
  static std::vector<std::string> tree(const snapshot::LayerStack& stack) {
    const snapshot::MergedView view(stack);
    std::vector<std::string> lines;
    std::vector<std::string> left = {""};
    while (!left.empty()) {
      const std::string directory = left.back();
      left.pop_back();
      for (const Entry& entry : view.list(directory)) {
        lines.push_back(entry.path + (entry.type == EntryType::kFile ? ":" + content(view, entry.path) : ""));
        if (entry.is_directory()) left.push_back(entry.path);
      }
    }
    return lines;
  }
};

TEST_F(OpsSquash, TheLastOfEachPathIsLeft) {
  const auto first = layer(LayerTar().directory("a").file("a/x", "1").file("y", "1"));
  const auto second = layer(LayerTar().file("a/x", "22"));
  const auto made = squashed({first, second});
  EXPECT_THAT(listed(made), ElementsAre("a", "a/x", "y"));
  EXPECT_EQ(tree({made}), tree({first, second}));
}

TEST_F(OpsSquash, WhatIsRemovedIsRemovedBelowToo) {
  const auto base =
      layer(LayerTar().directory("a").file("a/x", "base").file("a/z", "base").file("y", "base"));
  const auto first = layer(LayerTar().file("a/x", "1").file("a/new", "1"));
  const auto second = layer(LayerTar().file("a/.wh.x").file(".wh.y"));
  const auto made = squashed({first, second});
  EXPECT_THAT(listed(made), ElementsAre("a/new", "-a/x", "-y"));
  EXPECT_EQ(tree({base, made}), tree({base, first, second}));
}

TEST_F(OpsSquash, ADirectoryThatIsMadeAnewHidesTheOldOne) {
  const auto base =
      layer(LayerTar().directory("a").file("a/x", "base").directory("a/b").file("a/b/y", "base"));
  const auto first = layer(LayerTar().file(".wh.a"));
  const auto second = layer(LayerTar().directory("a").file("a/z", "2"));
  const auto made = squashed({first, second});
  EXPECT_THAT(listed(made), ElementsAre("!a", "a/z"));
  EXPECT_EQ(tree({base, made}), tree({base, first, second}));
}

TEST_F(OpsSquash, WhatLiesInARemovedDirectoryIsNotNamed) {
  const auto base = layer(LayerTar().directory("a").file("a/x", "base"));
  const auto first = layer(LayerTar().file("a/.wh.x").file("a/y", "1"));
  const auto second = layer(LayerTar().file(".wh.a"));
  const auto made = squashed({first, second});
  EXPECT_THAT(listed(made), ElementsAre("-a"));
  EXPECT_EQ(tree({base, made}), tree({base, first, second}));
}

TEST_F(OpsSquash, AFileInPlaceOfADirectoryAndBack) {
  const auto base = layer(LayerTar().directory("a").file("a/x", "base"));
  const auto first = layer(LayerTar().file("a", "1"));
  const auto second = layer(LayerTar().file(".wh.a"));
  const auto third = layer(LayerTar().directory("a"));
  const auto made = squashed({first, second, third});
  EXPECT_THAT(listed(made), ElementsAre("!a"));
  EXPECT_EQ(tree({base, made}), tree({base, first, second, third}));
}

TEST_F(OpsSquash, HardlinksStayOnes) {
  const auto made =
      squashed({layer(LayerTar().file("a", "1").hardlink("b", "a")), layer(LayerTar().file("c", "2"))});
  EXPECT_THAT(listed(made), ElementsAre("a", "b=a", "c"));
  // Without its first name the file has the second.
  EXPECT_THAT(listed(squashed({layer(LayerTar().file("a", "1").hardlink("b", "a"))}, {"/a"})),
              ElementsAre("b"));
}

TEST_F(OpsSquash, PathsAreLeftOutWithAllBelow) {
  const auto one = layer(LayerTar()
                             .directory("var")
                             .directory("var/run")
                             .file("var/run/pid", "1")
                             .file("var/runner", "1")
                             .file("var/run/.wh.old"));
  EXPECT_THAT(listed(squashed({one}, {"/var/run/"})), ElementsAre("var", "var/runner"));
  EXPECT_THAT(listed(squashed({one}, {"/var"})), ElementsAre());
}

}  // namespace
}  // namespace cooper::ops
