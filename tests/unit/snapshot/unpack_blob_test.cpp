#include "snapshot/unpack_blob.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::snapshot {

namespace {

// A far-away blob that turns out to be another one when it ends.
class LyingSource final : public base::ByteSource {
 public:
  explicit LyingSource(std::string text) : text_(std::move(text)), source_(std::string_view(text_)) {}
  std::size_t read(base::MutableByteSpan buffer) override {
    const std::size_t count = source_.read(buffer);
    if (count == 0 && !std::exchange(ended_, true))
      throw base::Error(base::ErrorKind::kCorrupt, "blob from 'm.example' has another digest");
    return count;
  }

 private:
  const std::string text_;
  base::MemorySource source_;
  bool ended_ = false;
};

std::string failure(const std::string& bytes) {
  SealedLayer sealed;
  sealed.blob.digest = base::sha256("what was promised");
  sealed.blob.size = 1 << 30;
  sealed.diff_id = sealed.blob.digest;
  os::TempDir tree(::testing::TempDir(), "unpack-");
  LyingSource blob(bytes);
  return support::error_of([&] {
           unpack_blob(blob, sealed, nullptr, {tree.path(), Form::kOwn, {}}, {});
         })
      .message();
}

}  // namespace

TEST(SnapshotUnpackBlob, ALieIsToldAheadOfWhatItLooksLike) {
  const std::string gzip = std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + std::string(1 << 20, 'x');
  const std::string tar = std::string(1 << 20, 'x');
  for (const std::string& bytes : {gzip, tar, std::string()})
    EXPECT_NE(failure(bytes).find("m.example"), std::string::npos) << failure(bytes);
}

}  // namespace cooper::snapshot
