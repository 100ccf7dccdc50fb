#include "base/byte_queue.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

namespace cooper::base {
namespace {

ByteSpan bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string take(ByteQueue& queue, std::size_t most) {
  std::string text(most, '?');
  text.resize(queue.take(std::as_writable_bytes(std::span(text))));
  return text;
}

TEST(BaseByteQueue, GivesBytesInOrder) {
  ByteQueue queue;
  EXPECT_TRUE(queue.empty());
  queue.append(bytes("hello "));
  queue.append(bytes("world"));
  EXPECT_EQ(queue.size(), 11U);
  EXPECT_EQ(take(queue, 4), "hell");
  queue.append(bytes("!"));
  EXPECT_EQ(take(queue, 100), "o world!");
  EXPECT_EQ(take(queue, 100), "");
  EXPECT_TRUE(queue.empty());
}

TEST(BaseByteQueue, HoldsNoMoreThanWhatWaits) {
  constexpr std::size_t kWaiting = 1000;
  ByteQueue queue;
  std::string sent;
  std::string got;
  unsigned char next = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::string piece(100, static_cast<char>(next++));
    queue.append(bytes(piece));
    sent += piece;
    if (queue.size() > kWaiting) got += take(queue, 100);  // never drained
  }
  EXPECT_LE(queue.capacity(), 8 * kWaiting);
  while (!queue.empty()) got += take(queue, 333);
  EXPECT_EQ(got, sent);
}

}  // namespace
}  // namespace cooper::base
