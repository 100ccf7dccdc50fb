#include "adapters/sections.h"

#include <gmock/gmock.h>

namespace cooper::adapters {
namespace {

TEST(AdaptersSections, AreGitLabsMarkers) {
  EXPECT_EQ(section_start("build_app", "Build app", 1'700'000'000, false),
            "\x1b[0Ksection_start:1700000000:build_app\r\x1b[0KBuild app\n");
  EXPECT_EQ(section_start("build_app", "Build app", 1'700'000'000, true),
            "\x1b[0Ksection_start:1700000000:build_app[collapsed=true]\r\x1b[0KBuild app\n");
  EXPECT_EQ(section_end("build_app", 1'700'000'060), "\x1b[0Ksection_end:1700000060:build_app\r\x1b[0K\n");
}

TEST(AdaptersSections, NamesHaveOnlyWhatMarkersAllow) {
  EXPECT_EQ(section_name("[builder 2/5] RUN make"), "_builder_2_5__RUN_make");
  EXPECT_EQ(section_name("a.b-c_d"), "a.b-c_d");
  EXPECT_EQ(section_name(""), "section");
  EXPECT_EQ(section_name(std::string(300, 'a')).size(), 100U);
}

// A Dockerfile's text must not end the section, or begin another.
TEST(AdaptersSections, ATitleStaysInItsLine) {
  const std::string marker = section_start("a", "x\r\n\x1b[0Ksection_end:1:a\r\x1b[0K", 1, false);
  EXPECT_EQ(std::count(marker.begin(), marker.end(), '\x1b'), 2);
  EXPECT_EQ(std::count(marker.begin(), marker.end(), '\n'), 1);
}

TEST(AdaptersSections, StartAndEndHaveTheSameName) {
  EXPECT_THAT(section_start("a b", "", 1, false), ::testing::HasSubstr(":a_b\r"));
  EXPECT_THAT(section_end("a b", 1), ::testing::HasSubstr(":a_b\r"));
}

}  // namespace
}  // namespace cooper::adapters
