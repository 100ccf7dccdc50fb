#include "store/size_memo.h"

#include <limits>

#include "os/fd.h"
#include "tests/unit/store/store_fixture.h"

namespace cooper::store {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

class StoreSizeMemo : public StoreFixture {
 protected:
  void SetUp() override { write(content_ + "/file", "x"); }
  std::uint64_t measure(std::int64_t last_used, std::int64_t settled = kForever) const {
    SizeMemo memo(*store_, file_, settled);
    std::uint64_t bytes = memo.measure(content_, last_used);
    memo.save();
    return bytes;
  }
  std::string file_ = path_ + "/memo";
  std::string content_ = path_ + "/a name with blanks";
};

TEST_F(StoreSizeMemo, WalksOnceAfterEachUse) {
  std::uint64_t first = measure(5);
  write(content_ + "/more", std::string(kMegabyte, 'x'));
  EXPECT_EQ(measure(5), first);
  EXPECT_GE(measure(6), first + kMegabyte);
}

TEST_F(StoreSizeMemo, RemembersNothingThatIsNotSettled) {
  std::uint64_t first = measure(5, 5);
  write(content_ + "/more", std::string(kMegabyte, 'x'));
  EXPECT_GE(measure(5, 6), first + kMegabyte);
}

TEST_F(StoreSizeMemo, ForgetsWhatIsNotAskedFor) {
  measure(5);
  SizeMemo(*store_, file_, kForever).save();
  EXPECT_EQ(os::read_file(file_), "");
}

TEST_F(StoreSizeMemo, IsNoReasonToFail) {
  write(file_, "5 many bytes\n");
  EXPECT_GT(measure(5), 0U);
  SizeMemo nowhere(*store_, path_ + "/none/memo", kForever);
  nowhere.measure(content_, 5);
  EXPECT_NO_THROW(nowhere.save());
}

}  // namespace
}  // namespace cooper::store
