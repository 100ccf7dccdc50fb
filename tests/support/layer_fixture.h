// A store in a temporary directory, and layers in it made of tars, for the tests of everything that reads
// layers.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "base/thread_pool.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "snapshot/layer_store.h"
#include "snapshot/tree_view.h"
#include "store/store.h"
#include "support/layer_tar.h"

namespace cooper::support {

class LayerFixture : public ::testing::Test {
 protected:
  static snapshot::Form form() { return ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn; }

  snapshot::LayerPtr declare(const Blob& blob) {
    return layers_.declare(blob.sealed, [blob](const oci::Descriptor&, const std::stop_token&) {
      return std::make_unique<StringSource>(blob.bytes, 10'000);
    });
  }
  // A materialised layer with what `tar` lists.
  snapshot::LayerPtr layer(const LayerTar& tar) {
    snapshot::LayerPtr made = declare(make_blob(tar.bytes(), oci::Compression::kNone));
    layers_.materialize(*made, {});
    return made;
  }

  static std::string content(const snapshot::TreeView& view, const std::string& path) {
    os::Fd file = view.open(path);
    os::FdSource source(file.get(), path);
    return base::read_all(source, 16 << 20, path);
  }

  os::TempDir directory_{::testing::TempDir(), "layers-"};
  std::shared_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  base::ThreadPool pool_{2};
  snapshot::LayerStore layers_{store_, form(), pool_};
};

}  // namespace cooper::support
