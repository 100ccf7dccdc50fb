#include "ops/http_record.h"

#include <gmock/gmock.h>

namespace cooper::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kModified = "Sun, 06 Nov 1994 08:49:37 GMT";

HttpRecord record_of(net::Headers headers) {
  net::Response response;
  response.status = 200;
  response.headers = std::move(headers);
  return HttpRecord::of(response, base::sha256("x"), 1);
}

TEST(OpsHttpRecord, AStrongEtagIsAValidator) {
  HttpRecord record = record_of({{"etag", "\"v1\""}});
  EXPECT_THAT(record.conditions(), ElementsAre(Pair("If-None-Match", "\"v1\"")));
  EXPECT_FALSE(record_of({{"etag", "W/\"v1\""}}).has_validator()) << "a weak one may stand for other bytes";
  EXPECT_FALSE(record_of({{"etag", "v1"}}).has_validator());
  EXPECT_FALSE(record_of({{"etag", "\"a\r\nX: y\""}}).has_validator());
}

TEST(OpsHttpRecord, ATimeCountsOnceItHasSettled) {
  HttpRecord settled = record_of({{"last-modified", kModified}, {"date", "Sun, 06 Nov 1994 08:50:37 GMT"}});
  EXPECT_THAT(settled.conditions(), ElementsAre(Pair("If-Modified-Since", kModified)));
  EXPECT_EQ(settled.last_modified, 784111777);
  HttpRecord fresh = record_of({{"last-modified", kModified}, {"date", "Sun, 06 Nov 1994 08:50:36 GMT"}});
  EXPECT_FALSE(fresh.has_validator()) << "it could change again within the same second";
  EXPECT_EQ(fresh.last_modified, 784111777);
  EXPECT_FALSE(record_of({{"last-modified", kModified}}).has_validator());
  EXPECT_EQ(record_of({{"last-modified", "soon"}}).last_modified, std::nullopt);
}

TEST(OpsHttpRecord, IsReadBackAsWritten) {
  for (const HttpRecord& record :
       {record_of({}), record_of({{"etag", "\"v1\""}}),
        record_of({{"last-modified", kModified}, {"date", "Mon, 07 Nov 1994 08:49:37 GMT"}})}) {
    EXPECT_EQ(HttpRecord::parse(record.serialize()), record) << record.serialize();
  }
}

TEST(OpsHttpRecord, DamageIsNoRecord) {
  std::string good = record_of({{"etag", "\"v1\""}}).serialize();
  for (const std::string& text :
       {std::string(), std::string("[]"), good.substr(0, good.size() / 2), std::string(R"({"size":1})"),
        std::string(R"({"digest":"sha256:00","size":1})"),
        R"({"digest":")" + base::sha256("x").str() + R"(","size":-1})",
        R"({"digest":")" + base::sha256("x").str() + R"(","size":1,"etag":"\"a\r\nX: y\""})",
        R"({"digest":")" + base::sha256("x").str() + R"(","size":1,"modifiedSince":"a\nb"})"}) {
    EXPECT_EQ(HttpRecord::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cooper::ops
