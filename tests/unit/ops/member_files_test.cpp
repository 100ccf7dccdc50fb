#include "ops/member_files.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "os/beneath.h"
#include "support/error_of.h"
#include "support/layer_tar.h"

namespace cooper::ops {
namespace {

using support::error_of;

class OpsMemberFiles : public ::testing::Test {
 protected:
  MemberFiles::Kept keep(const std::string& bytes) {
    support::StringSource source(bytes, 1000);
    return files_.keep(source, bytes.size(), "member");
  }
  std::string read(const MemberFiles::Kept& kept) {
    os::Fd file = files_.open(kept.path);
    os::FdSource source(file.get(), kept.path);
    return base::read_all(source, 16 << 20, kept.path);
  }
  base::Digest digest(const MemberFiles::Kept& kept) {
    snapshot::Entry entry;
    entry.path = kept.path;
    return files_.content_digest(entry);
  }
  std::size_t on_disk() const {
    auto all = std::filesystem::directory_iterator(directory_.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  os::TempDir directory_{::testing::TempDir(), "members-"};
  MemberFiles files_{directory_.path()};
};

TEST_F(OpsMemberFiles, GiveBackWhatTheyKeep) {
  std::vector<std::string> contents = {"",
                                       "one",
                                       "",
                                       std::string(100'000, 'p'),
                                       std::string(131'072, 'q'),
                                       std::string(131'073, 'r'),
                                       std::string(1'000'000, 's'),
                                       "last"};
  std::vector<MemberFiles::Kept> kept;
  for (const std::string& content : contents) kept.push_back(keep(content));
  for (std::size_t i = 0; i < contents.size(); ++i) {
    EXPECT_EQ(read(kept[i]), contents[i]) << i;
    EXPECT_EQ(kept[i].digest, base::sha256(contents[i])) << i;
    EXPECT_EQ(digest(kept[i]), kept[i].digest) << i;
  }
}

TEST_F(OpsMemberFiles, SmallOnesShareAFile) {
  for (int i = 0; i < 1000; ++i) keep("small");
  EXPECT_EQ(on_disk(), 1U);
  keep(std::string(200'000, 'x'));
  EXPECT_EQ(on_disk(), 2U);
}

TEST_F(OpsMemberFiles, RefuseWhatTheDiskCannotHold) {
  support::StringSource source("x");
  base::Error error = error_of([&] { files_.keep(source, std::uint64_t{1} << 62U, "huge"); });
  EXPECT_EQ(error.errno_value(), ENOSPC);
  EXPECT_EQ(on_disk(), 0U);
}

}  // namespace
}  // namespace cooper::ops
