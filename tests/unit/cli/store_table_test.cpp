#include "cli/store_table.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cooper::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'700'000'000 * kSecond;

build::StoreListing listing() {
  build::StoreListing listing;
  listing.rows = {
      {"layer", "layer-0123456789abcdef", 1, 2'000'000, kNow - 7200 * kSecond, "RUN make"},
      {"blob", "fedcba98765432100123", 1, 500, kNow, "layer, gzip"},
      {"mount", "mounts/00112233445566", 1, 500, kNow - 100 * 86400 * kSecond, "cache mount"},
      {"record", "", 12, 900, kNow, "results of steps by their keys"},
      {"work", "", 1, 7, 0, "files of running builds"},
  };
  listing.total = 2'002'000;
  return listing;
}

TEST(CliStoreTable, IsForPeople) {
  EXPECT_EQ(render_store_table(listing(), kNow),
            "KIND     ID                    SIZE     LAST USED      WHAT\n"
            "layer    layer-0123456789ab    2.0 MB   2 hours ago    RUN make\n"
            "blob     fedcba987654          500 B    just now       layer, gzip\n"
            "mount    mounts/001122334455   500 B    100 days ago   cache mount\n"
            "record   -                     900 B    just now       12 results of steps by their keys\n"
            "work     -                     7 B      -              files of running builds\n"
            "total: 2.0 MB in 16 items\n");
}

TEST(CliStoreTable, IsForPrograms) {
  nlohmann::json json = nlohmann::json::parse(render_store_json(listing()));
  EXPECT_EQ(json.at("total"), 2'002'000);
  EXPECT_EQ(json.at("items").size(), 5U);
  EXPECT_EQ(json.at("items")[0].at("id"), "layer-0123456789abcdef");
  EXPECT_EQ(json.at("items")[0].at("last_used"), 1'700'000'000 - 7200);
  EXPECT_FALSE(json.at("items")[4].contains("last_used"));
}

TEST(CliStoreTable, AnyByteCanBeInAnInstruction) {
  build::StoreListing odd = listing();
  odd.rows[0].what = "RUN \xff\x1b[31m";
  EXPECT_TRUE(nlohmann::json::parse(render_store_json(odd)).is_object());
  EXPECT_EQ(render_store_table(odd, kNow).find('\x1b'), std::string::npos);
}

TEST(CliStoreTable, AgesAreInTheLargestUnit) {
  EXPECT_EQ(human_age(0, kNow), "");
  EXPECT_EQ(human_age(kNow - 59 * kSecond, kNow), "just now");
  EXPECT_EQ(human_age(kNow + 59 * kSecond, kNow), "just now");
  EXPECT_EQ(human_age(kNow - 60 * kSecond, kNow), "1 minute ago");
  EXPECT_EQ(human_age(kNow - 86400 * kSecond, kNow), "1 day ago");
}

}  // namespace
}  // namespace cooper::cli
