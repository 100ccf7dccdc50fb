// A store with one step's layer, record and blob in it, for the tests of what looks after whole stores.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "cache/local.h"
#include "cache/records.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class StoreOfAStep : public ::testing::Test {
 protected:
  void SetUp() override {
    base::ThreadPool pool(1);
    snapshot::Form form = ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn;
    snapshot::LayerStore layers(store_, form, pool);
    layer_ = layers.commit(layers.begin(), snapshot::LayerIndex())->id();
    record_.key = base::sha256("key");
    record_.step_id = "step";
    record_.layer_id = layer_;
    record_.step = "RUN make";
    cache::Records(std::make_shared<cache::LocalBackend>(store_), [](const std::string&) {}).put(record_, {});
    blob_ = store_->put_blob("{}");
  }

  os::TempDir directory_{::testing::TempDir(), "store-of-a-step-"};
  std::shared_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  cache::Record record_;
  std::string layer_;
  base::Digest blob_;
};

}  // namespace cooper::build
