#include "cli/csv.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;

TEST(CliCsv, SplitsAtCommas) {
  EXPECT_THAT(csv_fields("a,b,,c", "-o"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(csv_fields("", "-o"), ElementsAre(""));
  EXPECT_THAT(csv_fields("a,", "-o"), ElementsAre("a", ""));
}

TEST(CliCsv, QuotesProtectCommasAndQuotes) {
  EXPECT_THAT(csv_fields(R"(type=image,"name=a,b",x)", "-o"), ElementsAre("type=image", "name=a,b", "x"));
  EXPECT_THAT(csv_fields(R"("say ""hi""")", "-o"), ElementsAre("say \"hi\""));
  EXPECT_THAT(csv_fields(R"("",a)", "-o"), ElementsAre("", "a"));
}

TEST(CliCsv, NamesTheFlagOfAnOpenQuote) {
  base::Error error = error_of([] { csv_fields(R"(a,"b)", "--secret"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), R"(--secret 'a,"b' has a quote that is not closed)");
}

TEST(CliCsv, QuotesStandAtTheEndsOfAField) {
  EXPECT_EQ(error_of([] { csv_fields(R"(type=a,dest="b")", "-o"); }).message(),
            R"(-o 'type=a,dest="b"' has a quote inside a field)");
  EXPECT_EQ(error_of([] { csv_fields(R"("a"b,c)", "-o"); }).message(),
            R"(-o '"a"b,c' has text behind a closing quote)");
  EXPECT_THAT(csv_fields(R"("a",b)", "-o"), ElementsAre("a", "b"));
  EXPECT_THAT(csv_fields(R"("a""")", "-o"), ElementsAre("a\""));
}

TEST(CliCsv, PairsHaveLowerCaseKeysAndUntouchedValues) {
  std::vector<CsvPair> pairs = csv_pairs("Type=OCI,dest=a=b.tar,push,empty=", "-o");
  ASSERT_EQ(pairs.size(), 4U);
  EXPECT_EQ(pairs[0].key, "type");
  EXPECT_EQ(pairs[0].value, "OCI");
  EXPECT_EQ(pairs[1].value, "a=b.tar");
  EXPECT_EQ(pairs[2].key, "push");
  EXPECT_FALSE(pairs[2].has_value);
  EXPECT_TRUE(pairs[3].has_value);
  EXPECT_EQ(pairs[3].value, "");
}

}  // namespace
}  // namespace cooper::cli
