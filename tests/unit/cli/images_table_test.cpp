#include "cli/images_table.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kDay = 86'400;

transfer::StoredImage image(const std::string& repository, const std::string& tag,
                            const std::string& content) {
  transfer::StoredImage made;
  made.name = repository.empty() ? "" : "docker.io/library/" + repository + ":" + tag;
  made.repository = repository;
  made.tag = tag;
  made.target.digest = base::sha256(content);
  made.platforms = {"linux/amd64"};
  made.created = kDay;
  made.size = 3'000'000;
  return made;
}

std::string render(const ImagesView& view) {
  return render_images({image("app", "1", "a"), image("debian", "12", "b"), image("", "", "c")}, view,
                       3 * kDay * 1'000'000'000);
}

TEST(CliImagesTable, ShowsWhatHasAName) {
  const std::string text = render({});
  EXPECT_THAT(text, HasSubstr("REPOSITORY   TAG   IMAGE ID"));
  EXPECT_THAT(text, HasSubstr("app          1     " + base::sha256("a").short_hex() +
                              "   linux/amd64   2 days ago   3"));
  EXPECT_THAT(text, Not(HasSubstr("<none>")));
  ImagesView view;
  view.all = true;
  EXPECT_THAT(render(view), HasSubstr("<none>"));
}

TEST(CliImagesTable, FiltersByNameAndByHavingOne) {
  ImagesView view;
  view.quiet = true;
  view.name = "deb*";
  EXPECT_EQ(render(view), base::sha256("b").short_hex() + "\n");
  view.name = "debian:11";
  EXPECT_EQ(render(view), "");
  view.name = "";
  view.filters = {"dangling=true"};
  EXPECT_EQ(render(view), base::sha256("c").short_hex() + "\n");
  view.filters = {"reference=app:*"};
  view.no_trunc = true;
  EXPECT_EQ(render(view), base::sha256("a").str() + "\n");
  view.filters = {"label=x"};
  EXPECT_EQ(error_of([&] { render(view); }).kind(), base::ErrorKind::kUnsupported);
}

TEST(CliImagesTable, SpeaksJsonAndTemplates) {
  ImagesView view;
  view.format = "json";
  EXPECT_THAT(render(view), HasSubstr(R"({"Repository":"app","Tag":"1","ID":")"));
  view.format = "{{.Repository}}:{{.Tag}}";
  EXPECT_EQ(render(view), "app:1\ndebian:12\n");
}

}  // namespace
}  // namespace cooper::cli
