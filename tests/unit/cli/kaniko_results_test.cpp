#include "cli/kaniko_results.h"

#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const base::Digest kImage = base::sha256("image");

class CliKanikoResults : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::vector<KanikoResult> results() const {
    return kaniko_results(settings_, {oci::Reference::parse("r.example/a:1"), oci::Reference::parse("b")},
                          kImage, builder_);
  }
  void write() {
    write_kaniko_results(results(), [&](const std::string& url, const std::string& text) {
      if (url.find("bad") != std::string::npos) throw base::Error(base::ErrorKind::kIo, "the server is away");
      put_.push_back(url + " " + text);
    });
  }
  os::TempDir directory_{testing::TempDir(), "results-"};
  KanikoSettings settings_;
  std::string builder_;
  std::vector<std::string> put_;
};

TEST_F(CliKanikoResults, EachFileHasItsOwnText) {
  settings_.digest_file = path("digest");
  settings_.name_digest_file = path("names");
  settings_.tag_digest_file = path("tags");
  write();
  EXPECT_EQ(os::read_file(path("digest")), kImage.str());
  EXPECT_EQ(os::read_file(path("names")),
            "r.example/a@" + kImage.str() + "\ndocker.io/library/b@" + kImage.str() + "\n");
  EXPECT_EQ(os::read_file(path("tags")),
            "r.example/a:1@" + kImage.str() + "\ndocker.io/library/b:latest@" + kImage.str() + "\n");
}

TEST_F(CliKanikoResults, AFileKeepsItsInode) {
  settings_.digest_file = path("digest");
  std::ofstream(path("digest")) << std::string(500, 'x');
  struct stat before {};
  ASSERT_EQ(::stat(path("digest").c_str(), &before), 0);
  write();
  struct stat after {};
  ASSERT_EQ(::stat(path("digest").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(os::read_file(path("digest")), kImage.str());
}

TEST_F(CliKanikoResults, UrlsGetTheTextByPut) {
  settings_.digest_file = "https://s.example/digest";
  write();
  EXPECT_THAT(put_, ElementsAre("https://s.example/digest " + kImage.str()));
}

TEST_F(CliKanikoResults, CloudBuildGetsALineAnImage) {
  builder_ = directory_.path();
  write();
  EXPECT_EQ(os::read_file(path("images")), "{\"name\":\"r.example/a:1\",\"digest\":\"" + kImage.str() +
                                               "\"}\n{\"name\":\"docker.io/library/b:latest\",\"digest\":\"" +
                                               kImage.str() + "\"}\n");
  settings_.no_push = true;
  EXPECT_TRUE(results().empty());
}

TEST_F(CliKanikoResults, OneThatFailsDoesNotKeepTheOthersBack) {
  settings_.digest_file = path("no/digest");
  settings_.name_digest_file = "https://bad.example/x";
  settings_.tag_digest_file = path("tags");
  const base::Error error = error_of([&] { write(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kIo);
  EXPECT_THAT(error.message(), HasSubstr("--digest-file: cannot create"));
  EXPECT_THAT(error.message(), HasSubstr("--image-name-with-digest-file: the server is away"));
  EXPECT_THAT(error.message(), Not(HasSubstr("--image-name-tag-with-digest-file")));
  EXPECT_EQ(os::read_file(path("tags")).size(), results().at(2).text.size());
}

}  // namespace
}  // namespace cooper::cli
