#include "exporter/destination.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::exporter {
namespace {

namespace fs = std::filesystem;

class ExporterDestination : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  static void write(base::ByteSink& sink, std::string_view text) {
    sink.write(std::as_bytes(std::span(text)));
  }
  os::TempDir directory_{testing::TempDir(), "destination-"};
};

TEST_F(ExporterDestination, AFileAppearsWhenItIsComplete) {
  auto sink = open_destination({path("out"), -1});
  write(*sink, "text");
  EXPECT_FALSE(fs::exists(path("out")));
  sink->finish();
  EXPECT_EQ(os::read_file(path("out")), "text");
}

TEST_F(ExporterDestination, AnUnfinishedFileLeavesNothing) {
  write(*open_destination({path("out"), -1}), "text");
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(ExporterDestination, WhatALinkLeadsToIsWritten) {
  os::write_file_atomically(path("real"), "older and longer");
  fs::create_symlink("real", path("link"));
  auto sink = open_destination({path("link"), -1});
  write(*sink, "new");
  sink->finish();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(os::read_file(path("real")), "new");
}

TEST_F(ExporterDestination, ADeviceIsWrittenInPlace) {
  auto sink = open_destination({"/dev/null", -1});
  write(*sink, "text");
  sink->finish();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(ExporterDestination, ADescriptorIsWrittenAsItIs) {
  auto [in, out] = os::make_pipe();
  Destination destination{"", out.get()};
  EXPECT_EQ(destination.shown(), "standard output");
  auto sink = open_destination(destination);
  write(*sink, "text");
  sink->finish();
  out.reset();
  os::FdSource source(in.get(), "pipe");
  EXPECT_EQ(base::read_all(source, 100, "pipe"), "text");
}

TEST_F(ExporterDestination, ADirectoryIsNamed) {
  base::Error error = support::error_of([&] { open_destination({directory_.path(), -1}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kIo);
  EXPECT_NE(error.summary().find(directory_.path()), std::string::npos);
}

}  // namespace
}  // namespace cooper::exporter
