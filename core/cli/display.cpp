#include "cli/display.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "build/results.h"

namespace cooper::cli {
namespace {

report::ProgressMode progress_mode(const BuildFlags& flags) {
  if (flags.quiet) return report::ProgressMode::kQuiet;
  if (auto mode = report::parse_progress_mode(flags.progress)) return *mode;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("unknown --progress '{}'", flags.progress))
      .hint("choose among auto, plain, tty, rawjson, quiet");
}

// Every secret that the request knows, so that none is shown.
std::shared_ptr<const report::Masker> make_masker(const build::BuildRequest& request) {
  std::vector<std::string> values;
  for (const build::SecretSource& secret : request.secrets) {
    if (secret.value) {
      values.push_back(*secret.value);
    } else if (::access(secret.file.c_str(), R_OK) == 0) {
      if (auto value = build::find_secret(request, secret.id)) values.push_back(*value);
    }
  }
  return std::make_shared<report::Masker>(values);
}

}  // namespace

Display::Display(const BuildFlags& flags, const build::BuildRequest& request, const Environment& environment,
                 const DisplayPlace& place)
    : terminal_(STDERR_FILENO, environment), masker_(make_masker(request)) {
  report::Output* output = place.output != nullptr ? place.output : &terminal_;
  if (!place.label.empty()) output = &labelled_.emplace(*output, place.label);
  progress_ = report::make_progress(
      progress_mode(flags), *output,
      {masker_, [this](const std::string& name) { return find_dockerfile(name); }, true});
}

void Display::remember(const std::string& name, const std::string& text) {
  dockerfile_.with([&](auto& seen) { seen = {name, text}; });
}

std::optional<std::string> Display::find_dockerfile(const std::string& name) const {
  return dockerfile_.with([&](const auto& seen) {
    return seen.first == name ? std::optional<std::string>(seen.second) : std::nullopt;
  });
}

}  // namespace cooper::cli
