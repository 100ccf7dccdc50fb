#include "snapshot/read_ahead.h"

#include <array>
#include <future>
#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

base::ByteSpan bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(SnapshotReadAhead, GivesWhatWasProduced) {
  ReadAhead source([](base::ByteSink& out) {
    for (int i = 0; i < 1000; ++i) out.write(bytes("0123456789"));
  });
  base::StringSink received;
  EXPECT_EQ(base::copy_all(source, received), 10'000U);
  EXPECT_EQ(received.str().substr(9'990), "0123456789");
}

TEST(SnapshotReadAhead, ThrowsWhatTheProducerThrew) {
  ReadAhead source([](base::ByteSink&) { throw base::Error(base::ErrorKind::kCorrupt, "broken"); });
  std::array<std::byte, 4> buffer{};
  try {
    source.read(buffer);
    FAIL() << "nothing was thrown";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  }
}

TEST(SnapshotReadAhead, EndsAProducerThatNobodyReadsFrom) {
  bool cancelled = false;
  {
    ReadAhead source([&](base::ByteSink& out) {
      try {
        while (true) out.write(bytes("x"));
      } catch (const base::Error& error) {
        cancelled = error.kind() == base::ErrorKind::kCancelled;
        throw;
      }
    });
    std::array<std::byte, 1> buffer{};
    EXPECT_EQ(source.read(buffer), 1U);
  }
  EXPECT_TRUE(cancelled);
}

TEST(SnapshotReadAhead, StopsOnceOnly) {
  ReadAhead source([](base::ByteSink&) {});
  source.stop();
  source.stop();
  EXPECT_NO_THROW(source.stop_and_rethrow());
}

TEST(SnapshotReadAhead, KeepsWhatWasThrownAndNotRead) {
  std::promise<void> thrown;
  ReadAhead source([&](base::ByteSink& out) {
    out.write(bytes("not read"));
    thrown.set_value();
    throw base::Error(base::ErrorKind::kCorrupt, "broken");
  });
  thrown.get_future().wait();
  EXPECT_THROW(source.stop_and_rethrow(), base::Error);
  // Being told to stop is nothing that anybody wants to hear of.
  ReadAhead endless([](base::ByteSink& out) {
    while (true) out.write(bytes("x"));
  });
  EXPECT_NO_THROW(endless.stop_and_rethrow());
}

}  // namespace
}  // namespace cooper::snapshot
