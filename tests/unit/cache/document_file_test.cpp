#include "cache/document_file.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::cache {
namespace {

class CacheDocumentFile : public ::testing::Test {
 protected:
  os::TempDir directory_{std::filesystem::temp_directory_path().string(), "document-file-"};
  std::string path_ = directory_.path() + "/document";
};

TEST_F(CacheDocumentFile, NoFileIsNoDocument) {
  EXPECT_EQ(read_document_file(path_), std::nullopt);
}

TEST_F(CacheDocumentFile, IsPlacedWholeAndReadBack) {
  std::string draft = directory_.path() + "/draft";
  os::write_file_atomically(draft, "{}");
  std::string place = directory_.path() + "/new/folder/a.json";
  place_document_file(draft, place);
  EXPECT_EQ(read_document_file(place), "{}");
  EXPECT_FALSE(std::filesystem::exists(draft));
}

TEST_F(CacheDocumentFile, WhatIsNoFileIsRefused) {
  std::filesystem::create_directory(path_);
  EXPECT_THROW(read_document_file(path_), base::Error);
  std::filesystem::create_symlink("/dev/zero", path_ + "-link");
  EXPECT_EQ(support::error_of([&] { read_document_file(path_ + "-link"); }).kind(),
            base::ErrorKind::kCorrupt);
  ASSERT_EQ(::mkfifo((path_ + "-pipe").c_str(), 0600), 0);
  EXPECT_EQ(support::error_of([&] { read_document_file(path_ + "-pipe"); }).kind(),
            base::ErrorKind::kCorrupt);
}

TEST_F(CacheDocumentFile, EachKindHasAFolder) {
  EXPECT_NE(document_folder(DocumentKind::kRecord), document_folder(DocumentKind::kStep));
  EXPECT_NE(document_folder(DocumentKind::kMount), document_folder(DocumentKind::kStep));
}

}  // namespace
}  // namespace cooper::cache
