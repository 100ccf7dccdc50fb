#include "adapters/write_outputs.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class AdaptersWriteOutputs : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return temp_.path() + "/" + name; }
  void write(const OutputFile& file) const { write_outputs({file}, path("my app@2")); }
  void SetUp() override { fs::create_directory(path("my app@2")); }

  os::TempDir temp_{"/tmp", "outputs-"};
};

TEST_F(AdaptersWriteOutputs, RelativeOnesAreInTheWorkspace) {
  write({"cooper-artifacts/digest.txt", "sha256:a\n", false, "the digest", ""});
  EXPECT_EQ(os::read_file(path("my app@2/cooper-artifacts/digest.txt")), "sha256:a\n");
  write({"cooper-artifacts/digest.txt", "sha256:b\n", false, "the digest", ""});
  EXPECT_EQ(os::read_file(path("my app@2/cooper-artifacts/digest.txt")), "sha256:b\n");
}

TEST_F(AdaptersWriteOutputs, AppendsBehindWhatIsThere) {
  const OutputFile file = {path("bash_env"), "export A='1'\n", true, "variables", "$BASH_ENV"};
  write(file);
  EXPECT_EQ(os::read_file(path("bash_env")), "export A='1'\n");
  os::write_file_atomically(path("bash_env"), "export PATH=/x");
  write(file);
  write(file);
  EXPECT_EQ(os::read_file(path("bash_env")), "export PATH=/x\nexport A='1'\nexport A='1'\n");
}

// The checkout is somebody else's, and may have such links on purpose.
TEST_F(AdaptersWriteOutputs, LinksOfTheCheckoutLeadNowhere) {
  fs::create_directory(path("outside"));
  fs::create_directory_symlink(path("outside"), path("my app@2/cooper-artifacts"));
  const base::Error error = support::error_of([&] {
    write({"cooper-artifacts/digest.txt", "x", false, "the digest", "store_artifacts"});
  });
  EXPECT_THAT(error.message(), HasSubstr("cooper-artifacts/digest.txt"));
  EXPECT_TRUE(fs::is_empty(path("outside")));

  os::write_file_atomically(path("outside/file"), "kept");
  fs::create_symlink(path("outside/file"), path("my app@2/cooper.env"));
  write({"cooper.env", "A=1\n", false, "variables", ""});
  EXPECT_EQ(os::read_file(path("outside/file")), "kept");
  EXPECT_EQ(os::read_file(path("my app@2/cooper.env")), "A=1\n");
}

TEST_F(AdaptersWriteOutputs, AFileThatCannotBeWrittenIsNamedWithItsSetting) {
  const base::Error error = support::error_of([&] {
    write({path("missing/outputs/output"), "{}", false, "the step's output", "$BUILDER_OUTPUT"});
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kIo);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("the step's output"), HasSubstr("missing/outputs/output"),
                                     HasSubstr("No such file or directory")));
  EXPECT_THAT(error.hint(), HasSubstr("$BUILDER_OUTPUT"));
}

TEST_F(AdaptersWriteOutputs, ADirectoryInItsPlaceIsAnError) {
  fs::create_directory(path("my app@2/cooper.env"));
  for (const bool append : {true, false}) {
    const base::Error error = support::error_of([&] {
      write({"cooper.env", "A=1\n", append, "variables", ""});
    });
    EXPECT_THAT(error.message(), HasSubstr("'cooper.env'"));
    EXPECT_THAT(error.hint(), HasSubstr("my app@2"));
  }
}

}  // namespace
}  // namespace cooper::adapters
