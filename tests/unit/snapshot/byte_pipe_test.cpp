#include "snapshot/byte_pipe.h"

#include <array>
#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

base::ByteSpan bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(SnapshotBytePipe, CarriesEverythingInOrder) {
  BytePipe pipe;
  std::string sent;
  for (int i = 0; i < 5000; ++i) sent += std::to_string(i);
  std::jthread writer([&] {
    for (std::size_t at = 0; at < sent.size(); at += 97)
      pipe.write(bytes(std::string_view(sent).substr(at, 97)));
    pipe.write({});
    pipe.finish();
  });
  base::StringSink received;
  base::copy_all(pipe, received);
  EXPECT_EQ(received.str(), sent);
}

TEST(SnapshotBytePipe, HandsTheWritersErrorToTheReader) {
  BytePipe pipe;
  pipe.fail(std::make_exception_ptr(base::Error(base::ErrorKind::kCorrupt, "broken")));
  std::array<std::byte, 4> buffer{};
  EXPECT_THROW(pipe.read(buffer), base::Error);
}

TEST(SnapshotBytePipe, WakesAWriterThatNobodyReadsFrom) {
  BytePipe pipe;
  bool ended = false;
  {
    std::jthread writer([&] {
      try {
        while (true) pipe.write(bytes("x"));
      } catch (const base::Error& error) {
        ended = error.kind() == base::ErrorKind::kCancelled;
      }
    });
    std::array<std::byte, 1> buffer{};
    EXPECT_EQ(pipe.read(buffer), 1U);
    pipe.abandon();
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace cooper::snapshot
