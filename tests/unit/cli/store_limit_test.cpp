#include "cli/store_limit.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "store/gc.h"

namespace cooper::cli {
namespace {

Environment with_limit(const std::string& limit) {
  return Environment(std::map<std::string, std::string>{{"COOPER_STORE_LIMIT", limit}});
}

TEST(CliStoreLimit, TheFlagWinsOverTheEnvironment) {
  Environment nothing(std::map<std::string, std::string>{});
  Environment variable = with_limit("2G");
  EXPECT_EQ(requested_store_limit("", nothing), std::nullopt);
  EXPECT_EQ(requested_store_limit("", with_limit("")), std::nullopt);
  EXPECT_EQ(requested_store_limit("", variable), 2ULL << 30);
  EXPECT_EQ(requested_store_limit("1G", variable), 1ULL << 30);
}

TEST(CliStoreLimit, ZeroIsNoLimit) {
  EXPECT_EQ(requested_store_limit("0", with_limit("2G")), store::kNoLimit);
}

TEST(CliStoreLimit, NonsenseNamesWhereItIsFrom) {
  for (const char* flag : {"", "much"}) {
    try {
      requested_store_limit(flag, with_limit("many"));
      FAIL();
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_NE(error.message().find(*flag == '\0' ? "COOPER_STORE_LIMIT" : "--store-limit"),
                std::string::npos);
    }
  }
}

}  // namespace
}  // namespace cooper::cli
