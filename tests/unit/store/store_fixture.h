// A store in a temporary directory with items of chosen size and age, for the tests of what keeps house in
// it.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "os/beneath.h"
#include "os/file_time.h"
#include "store/usage.h"

namespace cooper::store {

inline constexpr std::int64_t kHour = 3'600'000'000'000;  // nanoseconds
inline constexpr std::uint64_t kMegabyte = 1'000'000;

class StoreFixture : public testing::Test {
 protected:
  static void write(const std::string& path, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << content;
  }
  static void age(const std::string& path, int hours) {
    ASSERT_TRUE(os::set_modified_time(path, os::now() - hours * kHour)) << path;
  }

  // A blob of a megabyte; the path.
  std::string blob(char content, int hours) const {
    std::string path = store_->blob_path(store_->put_blob(std::string(kMegabyte, content)));
    age(path, hours);
    return path;
  }
  // An image's layer of a megabyte in one form, with or without the size beside its index.
  std::string layer(const std::string& id, int hours, bool sized = true) const {
    std::string tree = store_->tree_path("real", id);
    write(tree + "/file", std::string(kMegabyte, 'x'));
    write(store_->layer_path(id) + "/index", "index");
    if (sized) write(layer_size_path(*store_, id), render_size(kMegabyte));
    age(store_->layer_path(id) + "/index", hours);
    return tree;
  }
  // A record that is a layer's id and nothing else: what layer_of() below reads.
  std::string record(const std::string& name, const std::string& layer, int hours) const {
    std::string path = store_->records_path() + "/" + name.substr(0, 2) + "/" + name + ".json";
    write(path, layer);
    age(path, hours);
    return path;
  }
  static std::optional<std::string> layer_of(const std::string& path) {
    std::ifstream file(path);
    std::string id;
    std::getline(file, id);
    return id;
  }
  const Item* find(const Usage& usage, const std::string& id) const {
    for (const Item& item : usage.items) {
      if (item.id == id) return &item;
    }
    return nullptr;
  }

  os::TempDir directory_{testing::TempDir(), "store-"};
  std::string path_ = directory_.path() + "/store";
  std::shared_ptr<Store> store_ = Store::open(path_);
};

// Another process with the store open. It does what it is told to when it starts, says so, and waits to be
// killed; its lease ends with it.
class OtherProcess {
 public:
  template <typename Work>
  OtherProcess(const std::string& path, Work work) {
    int ready[2];
    if (::pipe(ready) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      {
        std::shared_ptr<Store> store = Store::open(path);
        work(*store);
        if (::write(ready[1], "x", 1) != 1) ::_exit(1);
        ::pause();
      }
      ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~OtherProcess() { kill(); }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_ = -1;
};

}  // namespace cooper::store
