#include "build/results.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::build {
namespace {

using support::error_of;

class BuildResults : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  static BuildResult one_image() {
    BuildResult result;
    result.image.emplace();
    result.image->media_type = "application/vnd.oci.image.manifest.v1+json";
    result.image->digest = base::sha256("manifest");
    result.image->size = 123;
    result.config_digest = base::sha256("config");
    return result;
  }
  os::TempDir directory_{testing::TempDir(), "results-"};
};

TEST_F(BuildResults, SecretsComeFromValuesAndFiles) {
  BuildRequest request;
  os::write_file_atomically(path("key"), "from file\n");
  request.secrets = {{"a", "", "from environment"}, {"b", path("key"), std::nullopt}, {"empty", "", ""}};
  EXPECT_EQ(find_secret(request, "a"), "from environment");
  EXPECT_EQ(find_secret(request, "b"), "from file\n") << "byte for byte";
  EXPECT_EQ(find_secret(request, "empty"), "");
  EXPECT_EQ(find_secret(request, "c"), std::nullopt);
}

TEST_F(BuildResults, AMissingSecretFileIsNamedWhenItIsNeeded) {
  BuildRequest request;
  request.secrets = {{"token", path("gone"), std::nullopt}};
  base::Error error = error_of([&] { find_secret(request, "token"); });
  EXPECT_NE(error.summary().find("secret 'token'"), std::string::npos) << error.summary();
  EXPECT_NE(error.summary().find(path("gone")), std::string::npos) << error.summary();
}

TEST_F(BuildResults, ASecretHasALimit) {
  BuildRequest request;
  os::write_file_atomically(path("big"), std::string((500 << 10) + 1, 'x'));
  request.secrets = {{"big", path("big"), std::nullopt}};
  EXPECT_THROW(find_secret(request, "big"), base::Error);
}

TEST_F(BuildResults, TheIdOfOneImageIsItsConfig) {
  BuildRequest request;
  request.iid_file = path("iid");
  write_result_files(request, one_image());
  EXPECT_EQ(os::read_file(path("iid")), base::sha256("config").str());
}

TEST_F(BuildResults, TheIdOfSeveralImagesIsTheirIndex) {
  BuildRequest request;
  request.iid_file = path("iid");
  BuildResult result = one_image();
  result.config_digest.reset();
  write_result_files(request, result);
  EXPECT_EQ(os::read_file(path("iid")), base::sha256("manifest").str());
}

TEST_F(BuildResults, AnIdNeedsAnImage) {
  BuildRequest request;
  request.iid_file = path("iid");
  base::Error error = error_of([&] { write_result_files(request, BuildResult()); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_FALSE(std::filesystem::exists(path("iid")));
}

TEST_F(BuildResults, MetadataHasBuildxKeys) {
  BuildRequest request;
  request.metadata_file = path("metadata.json");
  write_result_files(request, one_image());
  nlohmann::json json = nlohmann::json::parse(os::read_file(path("metadata.json")));
  EXPECT_EQ(json["containerimage.digest"], base::sha256("manifest").str());
  EXPECT_EQ(json["containerimage.config.digest"], base::sha256("config").str());
  EXPECT_EQ(json["containerimage.descriptor"]["size"], 123);
  EXPECT_EQ(json["containerimage.descriptor"]["mediaType"], "application/vnd.oci.image.manifest.v1+json");
}

TEST_F(BuildResults, MetadataWithoutAnImageIsAnEmptyObject) {
  BuildRequest request;
  request.metadata_file = path("metadata.json");
  write_result_files(request, BuildResult());
  EXPECT_EQ(nlohmann::json::parse(os::read_file(path("metadata.json"))), nlohmann::json::object());
}

TEST_F(BuildResults, NothingIsWrittenUnasked) {
  write_result_files(BuildRequest(), one_image());
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

}  // namespace
}  // namespace cooper::build
