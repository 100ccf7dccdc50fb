#include "cli/display.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "build/results.h"
#include "os/fd.h"

namespace cooper::cli {
namespace {

constexpr std::size_t kDockerfileLimit = 16 << 20;

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

std::optional<std::string> read_source(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  return os::read_file(path, kDockerfileLimit);
}

}  // namespace

Display::Display(const BuildFlags& flags, const build::BuildRequest& request, const Environment& environment)
    : terminal_(STDERR_FILENO, environment),
      masker_(make_masker(request)),
      progress_(report::make_progress(progress_mode(flags), terminal_, {masker_, read_source, true})) {}

}  // namespace cooper::cli
