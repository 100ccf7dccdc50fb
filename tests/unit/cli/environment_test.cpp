#include "cli/environment.h"

#include <gtest/gtest.h>

namespace cooper::cli {
namespace {

Environment with(std::map<std::string, std::string> variables) {
  return Environment(std::move(variables));
}

TEST(CliEnvironment, TellsUnsetFromEmpty) {
  Environment environment({{"EMPTY", ""}, {"A", "1"}});
  EXPECT_EQ(environment.find("A"), "1");
  EXPECT_EQ(environment.find("EMPTY"), "");
  EXPECT_EQ(environment.find("GONE"), std::nullopt);
  EXPECT_EQ(environment.get("EMPTY", "otherwise"), "");
  EXPECT_EQ(environment.get("GONE", "otherwise"), "otherwise");
}

TEST(CliEnvironment, ReadsTheProcessOnce) {
  ASSERT_EQ(::setenv("COOPER_TEST_VARIABLE", "a=b", 1), 0);
  Environment environment = Environment::of_process();
  ::unsetenv("COOPER_TEST_VARIABLE");
  EXPECT_EQ(environment.find("COOPER_TEST_VARIABLE"), "a=b");
}

TEST(CliEnvironment, TheStoreHasThreePlaces) {
  EXPECT_EQ(with({}).default_store(), "//.cache/cooper");
  EXPECT_EQ(with({{"HOME", "/home/me"}}).default_store(), "/home/me/.cache/cooper");
  EXPECT_EQ(with({{"HOME", "/home/me"}, {"XDG_CACHE_HOME", "/cache"}}).default_store(), "/cache/cooper");
  EXPECT_EQ(with({{"XDG_CACHE_HOME", "/cache"}, {"COOPER_STORE", "/store"}}).default_store(), "/store");
  EXPECT_EQ(with({{"XDG_CACHE_HOME", ""}, {"COOPER_STORE", ""}, {"HOME", "/h"}}).default_store(),
            "/h/.cache/cooper");
}

}  // namespace
}  // namespace cooper::cli
