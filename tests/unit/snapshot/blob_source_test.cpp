#include "snapshot/blob_source.h"

#include <gtest/gtest.h>
#include <string>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

// Says that it proves `claim`, and does not.
class ClaimingSource final : public base::ByteSource {
 public:
  ClaimingSource(std::string_view content, std::optional<base::Digest> claim)
      : content_(content), claim_(claim) {}
  std::size_t read(base::MutableByteSpan buffer) override { return content_.read(buffer); }
  std::optional<base::Digest> proven_digest() const override { return claim_; }

 private:
  base::MemorySource content_;
  std::optional<base::Digest> claim_;
};

oci::Descriptor descriptor_of(std::string_view content) {
  oci::Descriptor descriptor;
  descriptor.digest = base::sha256(content);
  descriptor.size = content.size();
  return descriptor;
}

// What reading `content` as the blob of `descriptor` ends with: "" for well.
std::string read_as(const oci::Descriptor& descriptor, std::string_view content,
                    std::optional<base::Digest> claim) {
  ClaimingSource source(content, claim);
  base::StringSink copy;
  VerifiedSource verified(source, descriptor, &copy, {});
  base::HashingSink nowhere;
  try {
    base::copy_all(verified, nowhere);
  } catch (const base::Error& error) {
    return error.summary();
  }
  EXPECT_EQ(copy.str(), content);
  return {};
}

TEST(SnapshotVerifiedSource, HashesWhatNobodyHasProved) {
  const oci::Descriptor descriptor = descriptor_of("hello");
  EXPECT_EQ(read_as(descriptor, "hello", std::nullopt), "");
  EXPECT_NE(read_as(descriptor, "jello", std::nullopt).find("has the content of"), std::string::npos);
}

TEST(SnapshotVerifiedSource, HashesWhatIsProvedToBeAnotherBlob) {
  const oci::Descriptor descriptor = descriptor_of("hello");
  EXPECT_NE(read_as(descriptor, "jello", base::sha256("jello")).find("has the content of"),
            std::string::npos);
}

TEST(SnapshotVerifiedSource, TakesTheWordOfASourceThatProvesTheBlob) {
  const oci::Descriptor descriptor = descriptor_of("hello");
  EXPECT_EQ(read_as(descriptor, "jello", descriptor.digest), "");
}

TEST(SnapshotVerifiedSource, CountsWhoeverProves) {
  const oci::Descriptor descriptor = descriptor_of("hello");
  EXPECT_NE(read_as(descriptor, "hell", descriptor.digest).find("ends after 4 of 5 bytes"),
            std::string::npos);
  EXPECT_NE(read_as(descriptor, "hello!", descriptor.digest).find("is longer than the 5 bytes"),
            std::string::npos);
}

TEST(SnapshotVerifiedSource, ProvesItsBlobToOthers) {
  const oci::Descriptor descriptor = descriptor_of("hello");
  base::MemorySource source(std::string_view("hello"));
  EXPECT_EQ(VerifiedSource(source, descriptor, nullptr, {}).proven_digest(), descriptor.digest);
}

}  // namespace
}  // namespace cooper::snapshot
