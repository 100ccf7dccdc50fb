#include "cli/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cooper::cli {

TEST(CliJsonText, KeepsTheOrderOfFields) {
  EXPECT_EQ(json_text(parse_json(R"({"b": 1, "a": [true, null]})")), R"({"b":1,"a":[true,null]})");
}

TEST(CliJsonText, IndentsByTwoAndEndsTheLine) {
  EXPECT_EQ(indented_json(Json{{"a", Json::array({1})}}), "{\n  \"a\": [\n    1\n  ]\n}\n");
}

TEST(CliJsonText, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(json_text("a\xff"), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(indented_json("a\xff"), "\"a\xEF\xBF\xBD\"\n");
}

TEST(CliJsonText, RefusesOrDiscardsWhatIsNoJson) {
  EXPECT_THROW(parse_json("{"), nlohmann::json::parse_error);
  EXPECT_TRUE(try_parse_json("{").is_discarded());
  EXPECT_EQ(try_parse_json("3"), 3);
}

}  // namespace cooper::cli
