#include "adapters/codebuild/junit.h"

#include <fmt/format.h>

#include "adapters/outputs.h"

namespace cooper::adapters {
namespace {

std::string title_of(const ImageResult& image) {
  if (!image.name.empty()) return image.name;
  return image.references.empty() ? "image" : image.references.front();
}

std::string test_case(const ImageResult& image) {
  std::string output = fmt::format("{} steps run, {} cached\n", image.steps_run, image.steps_cached);
  for (const std::string& reference : image.references) output += reference + "\n";
  if (!image.digest.empty()) output += image.digest + "\n";
  return fmt::format(
      "  <testcase classname=\"cooper\" name=\"{}\" time=\"{:.3f}\">\n    <system-out>{}</system-out>\n"
      "  </testcase>\n",
      xml_text(title_of(image)), image.seconds, xml_text(output));
}

// The image that was not finished has no result.
std::string failed_case(const std::string& failure) {
  const std::string text = xml_text(failure.empty() ? "the build failed" : failure);
  return fmt::format(
      "  <testcase classname=\"cooper\" name=\"build\">\n    <failure message=\"{}\">{}</failure>\n  "
      "</testcase>\n",
      text, text);
}

}  // namespace

std::string junit_report(const Results& results) {
  std::string cases;
  double seconds = 0;
  for (const ImageResult& image : results.images) {
    cases += test_case(image);
    seconds += image.seconds;
  }
  if (!results.succeeded) cases += failed_case(results.failure);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"cooper\" tests=\"{}\" failures=\"{}\" time=\"{:.3f}\">\n{}</testsuite>\n",
      results.images.size() + (results.succeeded ? 0 : 1), results.succeeded ? 0 : 1, seconds, cases);
}

}  // namespace cooper::adapters
