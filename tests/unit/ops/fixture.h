// Contexts, layers and services in a temporary directory, for the tests of ops.
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "context/local_tree.h"
#include "ops/services.h"
#include "ops/tree_builder.h"
#include "snapshot/merged_view.h"
#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::ops {

class OpsFixture : public support::LayerFixture {
 protected:
  OpsFixture() { std::filesystem::create_directory(context_); }

  std::string context_path(const std::string& path) const { return context_ + "/" + path; }
  void write(const std::string& path, const std::string& content, mode_t mode = 0644) {
    std::filesystem::create_directories(std::filesystem::path(context_path(path)).parent_path());
    std::ofstream(context_path(path)) << content;
    ::chmod(context_path(path).c_str(), mode);
  }
  void link(const std::string& path, const std::string& target) {
    std::filesystem::create_symlink(target, context_path(path));
  }
  // What is in the context now.
  std::shared_ptr<const snapshot::TreeView> context(std::vector<std::string> ignored = {}) const {
    return std::make_shared<context::LocalTree>(context_, context::PatternMatcher(std::move(ignored)));
  }
  std::shared_ptr<const snapshot::TreeView> view(const support::LayerTar& tar) {
    return std::make_shared<snapshot::MergedView>(snapshot::LayerStack{layer(tar)});
  }

  static std::vector<std::string> paths(const std::vector<Addition>& additions) {
    std::vector<std::string> all;
    for (const Addition& addition : additions) all.push_back(addition.entry.path);
    return all;
  }

  std::string context_ = directory_.path() + "/context";
};

}  // namespace cooper::ops
