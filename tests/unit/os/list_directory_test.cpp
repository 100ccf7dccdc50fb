#include "os/list_directory.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/beneath.h"

namespace cooper::os {
namespace {

class OsListDirectory : public ::testing::Test {
 protected:
  TempDir directory_{::testing::TempDir(), "os-list-"};
};

TEST_F(OsListDirectory, NamesWhatIsThere) {
  for (const char* name : {"/a", "/.hidden"}) std::ofstream(directory_.path() + name) << "x";
  std::filesystem::create_directory(directory_.path() + "/b");
  EXPECT_THAT(list_directory(directory_.path()), ::testing::UnorderedElementsAre("a", ".hidden", "b"));
}

TEST_F(OsListDirectory, AMissingDirectoryIsEmpty) {
  EXPECT_THAT(list_directory(directory_.path() + "/none"), ::testing::IsEmpty());
}

TEST_F(OsListDirectory, AFileIsNone) {
  std::ofstream(directory_.path() + "/file") << "x";
  EXPECT_THROW(list_directory(directory_.path() + "/file"), base::Error);
}

TEST_F(OsListDirectory, GivesTheDescriptorToExamineWith) {
  std::ofstream(directory_.path() + "/file") << "four";
  int visits = 0;
  visit_directory(directory_.path(), [&](int directory, const std::string& name) {
    struct stat status {};
    ASSERT_EQ(::fstatat(directory, name.c_str(), &status, 0), 0);
    EXPECT_EQ(status.st_size, 4);
    ++visits;
  });
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace cooper::os
