#include "adapters/codebuild/junit.h"

#include <algorithm>
#include <fmt/format.h>

#include "adapters/outputs.h"

namespace cooper::adapters {
namespace {

std::string title_of(const ImageResult& image) {
  if (!image.name.empty()) return image.name;
  return image.references.empty() ? "image" : image.references.front();
}

std::string element(const char* name, const std::string& text) {
  return text.empty() ? "" : fmt::format("    <{0}>{1}</{0}>\n", name, xml_text(text));
}

std::string test_case(const std::string& group, const std::string& name, double seconds,
                      const std::string& content) {
  return fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n{}  </testcase>\n",
                     xml_text(group), xml_text(name), seconds, content);
}

std::string failure(const std::string& message, const std::string& text) {
  return fmt::format("    <failure message=\"{}\">{}</failure>\n", xml_text(message), xml_text(text));
}

bool has_failed(const StepResult& step) {
  return step.status == "failed";
}
bool is_skipped(const StepResult& step) {
  return step.status == "cancelled" || step.status == "not needed";
}

// A step that was found in a cache has passed, as it did when it ran.
std::string step_case(const StepResult& step) {
  std::string content;
  if (has_failed(step)) content = failure(step.error.empty() ? "the step failed" : step.error, step.output);
  if (is_skipped(step)) content = fmt::format("    <skipped message=\"{}\"/>\n", xml_text(step.status));
  if (step.status == "cached") content = element("system-out", "cached: " + step.cache + "\n");
  if (step.status == "ran") content = element("system-out", step.output);
  return test_case(step.image.empty() ? "cooper" : "cooper." + step.image, step.name, step.seconds, content);
}

std::string image_case(const ImageResult& image) {
  std::string output = fmt::format("{} steps run, {} cached\n", image.steps_run, image.steps_cached);
  for (const std::string& reference : image.references) output += reference + "\n";
  if (!image.digest.empty()) output += image.digest + "\n";
  return test_case("cooper", title_of(image), image.seconds, element("system-out", output));
}

// The build, where no step says why it failed: the image that was not finished has no result.
std::string build_case(const Results& results) {
  const std::string reason = results.failure.empty() ? "the build failed" : results.failure;
  return test_case("cooper", "build", 0, failure(reason, reason));
}

}  // namespace

std::string junit_report(const Results& results) {
  std::string cases;
  double seconds = 0;
  for (const StepResult& step : results.steps) cases += step_case(step);
  for (const ImageResult& image : results.images) {
    cases += image_case(image);
    seconds += image.seconds;
  }
  const auto failed = std::count_if(results.steps.begin(), results.steps.end(), has_failed);
  const auto skipped = std::count_if(results.steps.begin(), results.steps.end(), is_skipped);
  const bool adds_build = !results.succeeded && failed == 0;
  if (adds_build) cases += build_case(results);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"cooper\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\">\n{}</testsuite>\n",
      results.steps.size() + results.images.size() + (adds_build ? 1 : 0), failed + (adds_build ? 1 : 0),
      skipped, seconds, cases);
}

}  // namespace cooper::adapters
