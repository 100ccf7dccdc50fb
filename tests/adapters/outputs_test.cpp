#include "adapters/outputs.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "os/process.h"
#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(AdaptersOutputs, VariablesOfOneImage) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_THAT(output_variables(results_of({image_result()})),
              ElementsAre(Pair("COOPER_IMAGE", "registry.example.com:5000/group/app:sha-0123456789ab"),
                          Pair("COOPER_DIGEST", digest),
                          Pair("COOPER_IMAGE_REF", "registry.example.com:5000/group/app@" + digest),
                          Pair("COOPER_TAGS", "sha-0123456789ab,main,latest")));
}

TEST(AdaptersOutputs, NamedImagesHaveVariablesOfTheirOwn) {
  const auto variables = output_variables(results_of({image_result("web-api"), image_result("job")}));
  ASSERT_EQ(variables.size(), 12U);
  EXPECT_EQ(variables[0].first, "COOPER_IMAGE");
  EXPECT_THAT(variables[4],
              Pair("COOPER_WEB_API_IMAGE", "registry.example.com:5000/group/app/web-api:sha-0123456789ab"));
  EXPECT_EQ(variables[8].first, "COOPER_JOB_IMAGE");
}

// Names come from a file in the repository.
TEST(AdaptersOutputs, NamesOfVariablesCannotBreakOut) {
  ImageResult image = image_result();
  image.name = "a=b\nPATH=x é";
  for (const auto& [name, value] : output_variables(results_of({image})))
    EXPECT_EQ(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), std::string::npos) << name;
}

TEST(AdaptersOutputs, AnImageThatWasNotPushedHasOnlyADigest) {
  ImageResult image = image_result();
  image.references.clear();
  EXPECT_THAT(output_variables(results_of({image})), ElementsAre(Pair("COOPER_DIGEST", image.digest)));
  EXPECT_EQ(reference_with_digest(image), "");
}

TEST(AdaptersOutputs, APortIsNoTag) {
  ImageResult image = image_result();
  image.references = {"localhost:5000/app"};
  EXPECT_EQ(reference_with_digest(image), "localhost:5000/app@" + image.digest);
}

TEST(AdaptersOutputs, DotenvLeavesOutWhatDoesNotFit) {
  const OutputVariables variables = {{"A", "1"}, {"B", std::string(20, 'b')}, {"C", "3"}};
  const Rendered rendered = render_dotenv(variables, 10, 20);
  EXPECT_EQ(rendered.text, "A=1\nC=3\n");
  EXPECT_EQ(rendered.note(), "; 1 of 3 left out");
  EXPECT_EQ(render_dotenv(variables, 1000, 1).text, "A=1\n");
  EXPECT_EQ(render_dotenv(variables, 1000, 20).note(), "");
}

TEST(AdaptersOutputs, DotenvTakesNoValueOfSeveralLines) {
  EXPECT_EQ(render_dotenv({{"A", "1\nPATH=/tmp"}, {"B", "2"}}, 1000, 20).text, "B=2\n");
}

// A shell reads back what was written.
TEST(AdaptersOutputs, ExportsSurviveAShell) {
  const std::string value = "it's $HOME `id` \"x\" \\ *";
  os::ProcessOptions options;
  options.argv = {"/bin/sh", "-c", render_exports({{"VALUE", value}}) + "printf %s \"$VALUE\""};
  EXPECT_EQ(os::run_process(options, {}).output, value);
}

TEST(AdaptersOutputs, TheResultFileIsJson) {
  ImageResult image = image_result("api");
  image.platforms = {{"linux/arm64", "sha256:b"}};
  const auto json = nlohmann::json::parse(result_json(results_of({image}, "step 2\xff failed")));
  EXPECT_EQ(json.at("succeeded"), false);
  EXPECT_EQ(json.at("failure"), "step 2\xef\xbf\xbd failed") << "JSON is UTF-8";
  EXPECT_EQ(json.at("images").at(0).at("name"), "api");
  EXPECT_EQ(json.at("images").at(0).at("platforms").at("linux/arm64"), "sha256:b");
  EXPECT_EQ(json.at("images").at(0).at("steps_cached"), 3);
  EXPECT_EQ(json.at("images").at(0).at("seconds"), 1.5);
  EXPECT_EQ(json.at("images").at(0).at("size"), 1000);
  EXPECT_FALSE(nlohmann::json::parse(result_json(results_of({}))).contains("failure"));
}

TEST(AdaptersOutputs, TextForXmlIsEscapedAndHasNoForbiddenCharacters) {
  EXPECT_EQ(xml_text("<a b=\"c\">&\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\n");
  EXPECT_EQ(xml_text(std::string_view("\0\x1b[0m", 5)), "??[0m");
  EXPECT_EQ(xml_text("é \xff"), "é \xef\xbf\xbd");
}

}  // namespace
}  // namespace cooper::adapters
