#include "build/epoch.h"

#include <gmock/gmock.h>

#include "context/local_tree.h"
#include "snapshot/merged_view.h"
#include "tests/unit/build/context_fixture.h"

namespace cooper::build {
namespace {

using support::LayerTar;

LayerTar two_times() {
  LayerTar tar;
  for (std::int64_t time : {300, 500, 400}) {
    archive::TarEntry entry;
    entry.path = "f" + std::to_string(time);
    entry.mtime = time;
    tar.add(entry, "x");
  }
  archive::TarEntry directory;
  directory.path = "d";
  directory.type = archive::EntryType::kDirectory;
  directory.mtime = 900;
  return tar.add(directory);
}

class BuildEpoch : public ContextFixture {
 protected:
  std::optional<std::int64_t> time_of_url(const std::string& name) {
    return time_of(graph::HttpSource{server_.url(name), "context", {}}, contexts_, &http_, {});
  }
  std::optional<std::int64_t> time_of_tree(const std::string& name) {
    return time_of(graph::LocalSource{name}, contexts_, nullptr, {});
  }
  OpenedContext contexts_;
};

TEST_F(BuildEpoch, OfAUrlIsLastModified) {
  served_["/x.tar"] = two_times().bytes();
  modified_ = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(time_of_url("/x.tar"), 784111777);
}

TEST_F(BuildEpoch, ElseOfTheNewestFileInIt) {
  served_["/x.tar"] = two_times().bytes();
  served_["/x.tgz"] = support::make_blob(two_times().bytes()).bytes;
  served_["/text"] = "x";
  served_["/cut"] = two_times().bytes().substr(0, 2000);
  EXPECT_EQ(time_of_url("/x.tar"), 500);
  EXPECT_EQ(time_of_url("/x.tgz"), 500);
  EXPECT_EQ(time_of_url("/text"), std::nullopt);
  EXPECT_EQ(time_of_url("/cut"), std::nullopt);
}

TEST_F(BuildEpoch, OfATreeIsWhatItsOpenerSaid) {
  contexts_.trees["archive"] = std::make_shared<snapshot::MergedView>(snapshot::LayerStack());
  contexts_.times["archive"] = 7;
  contexts_.trees["directory"] =
      std::make_shared<context::LocalTree>(path("context"), context::PatternMatcher({}));
  EXPECT_EQ(time_of_tree("archive"), 7);
  EXPECT_EQ(time_of_tree("directory"), std::nullopt) << "no work tree";
}

}  // namespace
}  // namespace cooper::build
