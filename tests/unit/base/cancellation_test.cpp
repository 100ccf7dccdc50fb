#include "base/cancellation.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::base {
namespace {

TEST(BaseCancellation, ThrowsOnlyAfterAStopRequest) {
  std::stop_source source;
  EXPECT_NO_THROW(throw_if_stopped({}));
  EXPECT_NO_THROW(throw_if_stopped(source.get_token()));
  source.request_stop();
  try {
    throw_if_stopped(source.get_token());
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
}

}  // namespace
}  // namespace cooper::base
