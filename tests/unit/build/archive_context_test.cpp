#include "build/archive_context.h"

#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::HasSubstr;

class BuildArchiveContext : public support::LayerFixture {
 protected:
  ArchiveOrText read(const std::string& bytes, const std::stop_token& stop = {}) {
    support::StringSource source(bytes, 700);
    return read_archive_or_text(source, "input", *store_, 0, stop);
  }
};

TEST_F(BuildArchiveContext, TellsATarFromATextByContent) {
  std::string tar = LayerTar().file("Dockerfile", "FROM scratch\n").bytes();
  for (oci::Compression kind : {oci::Compression::kNone, oci::Compression::kGzip, oci::Compression::kZstd}) {
    ArchiveOrText found = read(support::make_blob(tar, kind).bytes);
    ASSERT_NE(found.tree, nullptr);
    EXPECT_EQ(content(*found.tree, "Dockerfile"), "FROM scratch\n");
  }
  ArchiveOrText found = read("FROM scratch\n");
  EXPECT_EQ(found.tree, nullptr);
  EXPECT_EQ(found.text, "FROM scratch\n");
  EXPECT_EQ(read("").text, "");
}

TEST_F(BuildArchiveContext, ATextMayBeLongerThanAnyBuffer) {
  std::string text = "FROM scratch\n";
  while (text.size() < (5U << 20)) text += "# a comment that makes it long\n";
  EXPECT_EQ(read(text).text, text);
}

TEST_F(BuildArchiveContext, RefusesWhatIsNeither) {
  std::string image(
      "\x7f"
      "ELF\0\0\0",
      7);
  base::Error error = error_of([&] { read(image); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "'input' is neither a tar nor a Dockerfile");
  // Compressed, but no tar.
  EXPECT_EQ(error_of([&] { read(support::make_blob("FROM scratch\n").bytes); }).kind(),
            base::ErrorKind::kContext);
  EXPECT_THAT(error_of([&] { read(std::string((16 << 20) + 1, '#')); }).message(), HasSubstr("'input'"));
}

TEST_F(BuildArchiveContext, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] { read("FROM scratch\n", stop.get_token()); }).kind(), base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace cooper::build
