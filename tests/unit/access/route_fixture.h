// A directory with a user's home and a system's /etc, and the routes that they lead to.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "access/open_routes.h"
#include "oci/reference.h"

namespace cooper::access {

class RouteFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cooper-routes-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    options_.system_root = root_;
    options_.environment["HOME"] = root_ + "/home";
    options_.on_note = [this](const std::string& line) { notes_.push_back(line); };
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // Returns the path.
  std::string write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file(root_ + path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }

  // "place, place": where `name` is pulled from.
  std::string pulls(const std::string& name) const {
    std::string text;
    for (const oci::Reference& place : open_routes(options_)->pull_from(oci::Reference::parse(name)))
      text += (text.empty() ? "" : ", ") + place.str();
    return text;
  }
  std::string push(const std::string& name) const {
    return open_routes(options_)->push_to(oci::Reference::parse(name)).str();
  }
  registry::HostOptions host(const std::string& name) const { return open_routes(options_)->host(name); }

  std::string root_;
  RouteOptions options_;
  std::vector<std::string> notes_;
};

}  // namespace cooper::access
