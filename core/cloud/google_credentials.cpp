#include "cloud/google_credentials.h"

#include <filesystem>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cloud/google_file.h"
#include "cloud/refusal.h"

namespace cooper::cloud {

namespace {

constexpr const char* kFlavor = "Google";

// nullopt, which `tried` is told, where nobody answers, somebody else does, or the machine has no account.
std::optional<AccessToken> metadata_token(const CloudContext& context, std::vector<std::string>& tried,
                                          const std::stop_token& stop) {
  std::string host = context.variable("GCE_METADATA_HOST");
  if (host.empty()) host = "metadata.google.internal";
  net::Request request = metadata_request(
      "GET", fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/default/token", host),
      {{"Metadata-Flavor", kFlavor}});
  std::string why_not;
  std::optional<net::Response> response = ask_metadata(context, request, why_not, stop);
  const std::string* flavor = response ? response->header("metadata-flavor") : nullptr;
  if (response && (flavor == nullptr || *flavor != kFlavor)) {
    why_not = "what answers there is not Google's";
  } else if (response && response->status == 404) {
    why_not = "it knows no service account";
  } else if (response) {
    return read_access_token(context, *response, "the machine's service account");
  }
  tried.push_back(fmt::format("metadata service '{}' ({})", host, why_not));
  return std::nullopt;
}

}  // namespace

GoogleIdentity::GoogleIdentity(CloudContext context, std::string file)
    : context_(std::move(context)),
      file_(std::move(file)),
      token_(context_.now, [this](const std::stop_token& stop) { return fetch(stop); }) {}

std::string GoogleIdentity::default_file() const {
  std::string folder = context_.variable("CLOUDSDK_CONFIG");
  std::string home = context_.variable("HOME");
  if (folder.empty() && !home.empty()) folder = home + "/.config/gcloud";
  return folder.empty() ? folder : folder + "/application_default_credentials.json";
}

AccessToken GoogleIdentity::fetch(const std::stop_token& stop) const {
  std::string file = file_.empty() ? context_.variable("GOOGLE_APPLICATION_CREDENTIALS") : file_;
  if (!file.empty()) return google_token_by_file(context_, file, stop);
  std::vector<std::string> tried = {"the environment (GOOGLE_APPLICATION_CREDENTIALS is not set)"};
  file = default_file();
  std::error_code none;
  if (!file.empty() && std::filesystem::exists(file, none)) return google_token_by_file(context_, file, stop);
  tried.push_back(file.empty() ? "gcloud's file (HOME is not set)"
                               : fmt::format("'{}' (no such file)", file));
  if (std::optional<AccessToken> token = metadata_token(context_, tried, stop)) return *token;
  throw base::Error(base::ErrorKind::kAuth,
                    fmt::format("no Google Cloud credentials found; looked in: {}", base::join(tried, "; ")))
      .hint("set GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or give the job a service account");
}

}  // namespace cooper::cloud
