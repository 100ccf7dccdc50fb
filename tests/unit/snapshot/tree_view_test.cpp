#include "snapshot/tree_view.h"

#include "base/error.h"
#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

using SnapshotTreeView = support::LayerFixture;

TEST_F(SnapshotTreeView, FollowsSymlinksInsideTheTree) {
  MergedView view({layer(support::LayerTar()
                             .directory("usr/lib")
                             .symlink("lib", "usr/lib")
                             .symlink("abs", "/lib/x")
                             .symlink("out", "../../../../lib")
                             .symlink("usr/lib/up", "..")
                             .symlink("loop", "loop/x"))});
  EXPECT_EQ(resolve_symlinks(view, "lib/a", true), "usr/lib/a");
  EXPECT_EQ(resolve_symlinks(view, "lib", false), "lib");
  EXPECT_EQ(resolve_symlinks(view, "lib", true), "usr/lib");
  EXPECT_EQ(resolve_symlinks(view, "abs/y", true), "usr/lib/x/y");
  EXPECT_EQ(resolve_symlinks(view, "out/z", true), "usr/lib/z");
  EXPECT_EQ(resolve_symlinks(view, "lib/up/up2", true), "usr/up2");
  EXPECT_EQ(resolve_symlinks(view, "missing/../lib/a", true), "usr/lib/a");
  EXPECT_EQ(resolve_symlinks(view, "", true), "");
  EXPECT_THROW(resolve_symlinks(view, "loop", true), base::Error);
}

}  // namespace
}  // namespace cooper::snapshot
