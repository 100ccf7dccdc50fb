#include "cli/kaniko_context.h"

#include <array>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/flag_values.h"
#include "net/redact.h"
#include "net/url.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;
using Kind = KanikoContext::Kind;
using Variables = std::map<std::string, std::string>;

constexpr const char* kUsualDirectory = "/workspace/";
constexpr const char* kUsualObject = "context.tar.gz";
constexpr std::array<std::string_view, 4> kAzureDomains = {
    ".blob.core.windows.net", ".blob.core.chinacloudapi.cn", ".blob.core.cloudapi.de",
    ".blob.core.usgovcloudapi.net"};

std::string get(const Variables& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Error unusable(const std::string& text, const std::string& cause) {
  return Error(ErrorKind::kUsage, fmt::format("context '{}': {}", net::redact_url(text), cause));
}

bool take(std::string& text, std::string_view scheme) {
  if (!text.starts_with(scheme)) return false;
  text.erase(0, scheme.size());
  return true;
}

// --bucket is what --context was before there were others.
std::string written_context(const KanikoSettings& settings) {
  if (settings.bucket.empty()) return settings.context.empty() ? kUsualDirectory : settings.context;
  if (!settings.context.empty()) {
    throw Error(ErrorKind::kUsage, "--bucket and --context exclude each other").hint("keep --context");
  }
  return settings.bucket.find("://") == std::string::npos ? "gs://" + settings.bucket : settings.bucket;
}

// "bucket/path/to/it".
KanikoContext in_bucket(const std::string& text, const std::string& rest, const std::string& store) {
  const std::size_t slash = rest.find('/');
  KanikoContext context;
  context.kind = Kind::kObject;
  context.store = store;
  context.value = text;
  context.attributes["bucket"] = rest.substr(0, slash);
  context.object = slash == std::string::npos ? "" : rest.substr(slash + 1);
  if (context.object.empty()) context.object = kUsualObject;
  if (context.attributes["bucket"].empty())
    throw unusable(text, "it names no bucket").hint("write BUCKET/NAME.tar.gz");
  return context;
}

KanikoContext in_s3(const std::string& text, const std::string& rest, const Variables& environment) {
  KanikoContext context = in_bucket(text, rest, "s3");
  if (std::string endpoint = get(environment, "S3_ENDPOINT"); !endpoint.empty())
    context.attributes["endpoint_url"] = endpoint;
  const std::string path_style = get(environment, "S3_FORCE_PATH_STYLE");
  if (!path_style.empty() && parse_bool(path_style, "S3_FORCE_PATH_STYLE"))
    context.attributes["use_path_style"] = "true";
  return context;
}

bool is_azure(const std::string& url) {
  const std::string host = net::origin_of(url).host;
  for (const std::string_view domain : kAzureDomains) {
    if (host.ends_with(domain)) return true;
  }
  return false;
}

// "https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME[?SIGNATURE]".
KanikoContext in_azure(const std::string& url) {
  const std::size_t mark = url.find('?');
  const std::string place = url.substr(0, mark);
  const std::size_t host_end = place.find('/', place.find("://") + 3);
  const std::size_t container_end =
      host_end == std::string::npos ? std::string::npos : place.find('/', host_end + 1);
  if (container_end == std::string::npos || container_end + 1 == place.size())
    throw unusable(url, "it names no blob").hint("write https://ACCOUNT…/CONTAINER/NAME.tar.gz");
  KanikoContext context;
  context.kind = Kind::kObject;
  context.store = "azblob";
  context.value = url;
  context.attributes["account_url"] =
      place.substr(0, host_end) + (mark == std::string::npos ? "" : url.substr(mark));
  context.attributes["container"] = place.substr(host_end + 1, container_end - host_end - 1);
  context.object = base::percent_decode(place.substr(container_end + 1));
  return context;
}

// "HOST/PATH#REF#COMMIT". The commit is what is built where there is one; Kaniko leaves the repository in the
// context, so that a step may ask git.
KanikoContext in_git(const std::string& text, const std::string& rest, const KanikoSettings& settings,
                     const Variables& environment) {
  const std::vector<std::string> parts = base::split(rest, '#');
  if (parts.size() > 3)
    throw unusable(text, "it has more than a ref and a commit").hint("write git://URL#REF#COMMIT");
  const std::string method = get(environment, "GIT_PULL_METHOD");
  if (!method.empty() && method != "https" && method != "http") {
    throw Error(ErrorKind::kUsage, fmt::format("GIT_PULL_METHOD: '{}' is neither https nor http", method))
        .hint("choose one of them");
  }
  std::string ref = parts.size() > 1 ? parts[1] : std::string();
  if (ref.empty() && !settings.git.branch.empty()) ref = "refs/heads/" + settings.git.branch;
  if (parts.size() > 2 && !parts[2].empty()) ref = parts[2];
  KanikoContext context;
  context.kind = Kind::kGit;
  context.value = fmt::format("{}://{}", method.empty() ? "https" : method, parts[0]);
  auto add = [&](std::string_view name, std::string_view value) {
    context.value = net::with_query(std::move(context.value), name, value);
  };
  if (!ref.empty()) add("ref", ref);
  if (!settings.sub_path.empty()) add("subdir", settings.sub_path);
  add("submodules", settings.git.recurse_submodules ? "true" : "false");
  add("keep-git-dir", "true");
  return context;
}

}  // namespace

KanikoContext read_kaniko_context(const KanikoSettings& settings,
                                  const std::map<std::string, std::string>& environment) {
  const std::string text = written_context(settings);
  std::string rest = text;
  if (take(rest, "dir://")) return {Kind::kDirectory, rest, {}, {}, {}};
  if (take(rest, "tar://")) {
    return rest == "stdin" ? KanikoContext{Kind::kTarOnStdin, "-", {}, {}, {}}
                           : KanikoContext{Kind::kTar, rest, {}, {}, {}};
  }
  if (take(rest, "git://")) return in_git(text, rest, settings, environment);
  if (take(rest, "s3://")) return in_s3(text, rest, environment);
  if (take(rest, "gs://")) return in_bucket(text, rest, "gcs");
  if (text.starts_with("https://")) {
    return is_azure(text) ? in_azure(text) : KanikoContext{Kind::kHttp, text, {}, {}, {}};
  }
  if (text.find("://") != std::string::npos) {
    throw unusable(text, "there is no such kind of context")
        .hint("choose among dir://, tar://, git://, s3://, gs://, https://");
  }
  return {Kind::kDirectory, text, {}, {}, {}};
}

}  // namespace cooper::cli
