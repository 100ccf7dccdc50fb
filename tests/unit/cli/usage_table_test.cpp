#include "cli/usage_table.h"

#include <gmock/gmock.h>

namespace cooper::cli {
namespace {

using ::testing::HasSubstr;

store::Item item(store::ItemKind kind, const std::string& id, std::uint64_t size) {
  store::Item made;
  made.kind = kind;
  made.id = id;
  made.size = size;
  return made;
}

TEST(CliUsageTable, TellsBlobsOfImagesFromThoseOfTheCache) {
  store::Usage usage;
  usage.items = {item(store::ItemKind::kBlob, base::sha256("a").hex(), 10),
                 item(store::ItemKind::kBlob, base::sha256("b").hex(), 20),
                 item(store::ItemKind::kLayer, "sha256-1", 40),
                 item(store::ItemKind::kStepRecord, "steps/1", 1)};
  usage.work = 5;
  usage.rest = 2;
  transfer::StoredImage named;
  named.name = "docker.io/library/app:1";
  const std::vector<UsageRow> rows =
      sum_usage(usage, {base::sha256("a")}, {named, named, transfer::StoredImage()});
  auto row = [&](const std::string& what) {
    for (const UsageRow& one : rows) {
      if (one.what == what) return one;
    }
    ADD_FAILURE() << what;
    return UsageRow();
  };
  EXPECT_EQ(row("images").size, 10U);
  EXPECT_EQ(row("images").count, 2U) << "names, not blobs";
  EXPECT_EQ(row("layers, packed").size, 20U);
  EXPECT_EQ(row("layers, unpacked").size, 40U);
  EXPECT_EQ(row("cache records").count, 1U);
  EXPECT_EQ(row("work and other").size, 7U);
  EXPECT_EQ(row("total").size, usage.total());
  EXPECT_THAT(render_usage_table(rows), HasSubstr("layers, unpacked   1       40 B"));
  EXPECT_THAT(render_usage_json(rows), HasSubstr("\"what\": \"total\""));
}

}  // namespace
}  // namespace cooper::cli
