#include "build/outputs.h"

#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/fake_launcher.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::HasSubstr;

using Attributes = std::map<std::string, std::string>;

class BuildOutputs : public support::LayerFixture {
 protected:
  BuildOutputs() {
    tools_.store = store_;
    tools_.events = &events_;
  }
  Outputs open(std::vector<Output> outputs, std::optional<std::int64_t> epoch = std::nullopt) {
    request_.outputs = std::move(outputs);
    OutputWorld world{tools_, layers_, pool_, std::make_shared<registry::BlobPlaces>()};
    return open_outputs(request_, world, {epoch, epoch});
  }
  base::Error refusal(std::vector<Output> outputs) {
    return error_of([&] { open(std::move(outputs)); });
  }
  static Output oci(Attributes attributes) {
    attributes["dest"] = "a.tar";
    return {"oci", std::move(attributes)};
  }

  support::RecordedEvents events_;
  Toolbox tools_;
  BuildRequest request_;
};

TEST_F(BuildOutputs, EveryTypeOpens) {
  request_.tags = {"example.com/app:1"};
  Outputs made = open({{"registry", {}},
                       oci({}),
                       {"docker", {{"dest", "-"}}},
                       {"local", {{"dest", "d"}}},
                       {"tar", {{"dest", "t"}}},
                       {"cacheonly", {}}});
  EXPECT_EQ(made.exporters.size(), 5U);
  EXPECT_TRUE(made.needs_image());
}

TEST_F(BuildOutputs, FilesNeedNoImage) {
  EXPECT_FALSE(open({{"local", {{"dest", "d"}}}}).needs_image());
  EXPECT_FALSE(open({}).needs_image());
}

TEST_F(BuildOutputs, TypesAndAttributesMustBeKnown) {
  EXPECT_EQ(refusal({{"ocy", {}}}).message(), "unknown output type 'ocy'");
  EXPECT_EQ(refusal({oci({{"color", "red"}})}).message(), "output type=oci has no attribute 'color'");
  EXPECT_EQ(refusal({{"local", {{"dest", "d"}, {"compression", "zstd"}}}}).message(),
            "output type=local has no attribute 'compression'");
  EXPECT_EQ(refusal({{"oci", {}}}).message(), "output type=oci needs dest=…");
  EXPECT_EQ(refusal({{"local", {{"dest", ""}}}}).kind(), base::ErrorKind::kUsage);
}

TEST_F(BuildOutputs, ValuesAreChecked) {
  EXPECT_THAT(refusal({oci({{"tar", "maybe"}})}).message(), HasSubstr("tar=maybe is neither true nor false"));
  EXPECT_THAT(refusal({oci({{"compression-level", "9x"}})}).message(), HasSubstr("compression-level=9x"));
  EXPECT_THAT(refusal({oci({{"compression", "lzma"}})}).message(), HasSubstr("unknown compression 'lzma'"));
}

TEST_F(BuildOutputs, AnOutputMayHaveAnEpochOfItsOwn) {
  Outputs own = open({oci({{"source-date-epoch", "7"}})}, 42);
  EXPECT_EQ(own.epoch, 7);
  EXPECT_EQ(own.seal.epoch, 7);
  Outputs none = open({oci({{"source-date-epoch", ""}})}, 42);
  EXPECT_EQ(none.epoch, 42) << "the image says when it was made, even so";
  EXPECT_EQ(none.seal.epoch, std::nullopt);
  EXPECT_THAT(refusal({oci({{"source-date-epoch", "today"}})}).message(), HasSubstr("is not a number"));
  EXPECT_THAT(refusal({oci({}), {"registry", {{"source-date-epoch", "7"}, {"name", "a"}}}}).message(),
              HasSubstr("different forms"));
}

TEST_F(BuildOutputs, CompressionAndTimesAreTheOutputs) {
  Outputs made = open({oci({{"compression", "zstd"}, {"compression-level", "5"}})}, 42);
  EXPECT_EQ(made.seal.compression.type, archive::Compression::kZstd);
  EXPECT_EQ(made.seal.compression.level, 5);
  EXPECT_EQ(made.seal.epoch, 42);
  EXPECT_EQ(open({oci({{"rewrite-timestamp", "false"}})}, 42).seal.epoch, std::nullopt);
  EXPECT_FALSE(made.docker_media_types);
  EXPECT_EQ(made.epoch, 42);
  EXPECT_TRUE(open({oci({{"oci-mediatypes", "false"}})}).docker_media_types);
}

TEST_F(BuildOutputs, OutputsOfOneImageMustAgreeOnItsForm) {
  base::Error error = refusal({oci({{"compression", "zstd"}}), oci({{"compression", "gzip"}})});
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "outputs ask for different forms of the same image");
  EXPECT_EQ(refusal({oci({}), oci({{"oci-mediatypes", "false"}})}).kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(open({oci({{"compression", "gzip"}}), oci({})}).exporters.size(), 2U) << "gzip is the default";
  EXPECT_EQ(open({oci({{"compression", "zstd"}}), {"local", {{"dest", "d"}}}}).exporters.size(), 2U);
}

TEST_F(BuildOutputs, AnImageStaysInTheStoreUnlessItIsPushedOrAskedNotTo) {
  request_.tags = {"example.com/app:1"};
  EXPECT_EQ(open({{"image", {}}}).exporters.size(), 1U);
  EXPECT_EQ(open({{"docker", {}}}).exporters.size(), 1U) << "there is no daemon to load it into";
  EXPECT_TRUE(open({{"image", {{"store", "false"}}}}).exporters.empty());
  EXPECT_TRUE(open({{"image", {{"store", "false"}}}}).makes_image) << "its digest is wanted all the same";
  EXPECT_EQ(open({{"image", {{"push", "true"}, {"store", "true"}}}}).exporters.size(), 2U);
}

TEST_F(BuildOutputs, AnImageIsPushedWhenAsked) {
  request_.tags = {"example.com/app:1"};
  EXPECT_EQ(open({{"image", {{"push", "true"}}}}).exporters.size(), 1U);
  EXPECT_TRUE(open({{"registry", {{"push", "false"}}}}).exporters.empty());
  request_.tags.clear();
  EXPECT_THAT(refusal({{"registry", {}}}).hint(), HasSubstr("-t"));
  EXPECT_EQ(open({{"registry", {{"name", "example.com/a,example.com/b"}}}}).exporters.size(), 1U);
}

}  // namespace
}  // namespace cooper::build
