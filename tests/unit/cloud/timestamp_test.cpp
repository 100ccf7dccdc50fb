#include "cloud/timestamp.h"

#include <gtest/gtest.h>

namespace cooper::cloud {

TEST(CloudTimestamp, WritesAndReads) {
  TimePoint time = parse_timestamp("2013-05-24T01:02:03Z").value();
  EXPECT_EQ(std::chrono::system_clock::to_time_t(time), 1369357323);
  EXPECT_EQ(compact_timestamp(time), "20130524T010203Z");
  EXPECT_EQ(http_timestamp(time), "Fri, 24 May 2013 01:02:03 GMT");
  EXPECT_EQ(parse_timestamp("2013-05-24T01:02:03.123456789Z"), time);
  EXPECT_EQ(parse_timestamp("2013-05-24T03:02:03+02:00"), time);
  EXPECT_EQ(parse_timestamp("2013-05-23T23:32:03-0130"), time);
}

TEST(CloudTimestamp, RefusesOtherTexts) {
  for (const char* text :
       {"", "soon", "2013-05-24", "2013-05-24T01:02:03", "2013-05-24T01:02:03+x", "1369357323"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

}  // namespace cooper::cloud
