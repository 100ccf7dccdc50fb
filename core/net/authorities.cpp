#include "net/authorities.h"

#include <array>
#include <curl/curl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace cooper::net {

namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
// Some of these are links to others of them; the first is taken.
constexpr std::array<const char*, 5> kUsualPlaces = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch, Gentoo
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, Red Hat, Amazon
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // the same, without the link
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",                                  // OpenSSL's own default; Alpine without the package
};

constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

std::optional<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return std::nullopt;
  return text.str();
}

// A directory such as /etc/ssl/certs has each certificate three times: as a file, under its hash, in a
// bundle.
class Bundle {
 public:
  // How many certificates `text` has.
  int add(std::string_view text) {
    int found = 0;
    for (std::size_t begin = text.find(kBegin); begin != std::string_view::npos;
         begin = text.find(kBegin, begin + 1)) {
      const std::size_t end = text.find(kEnd, begin);
      if (end == std::string_view::npos) break;
      ++found;
      std::string certificate(text.substr(begin, end + kEnd.size() - begin));
      if (!known_.insert(certificate).second) continue;
      text_ += certificate + "\n";
    }
    return found;
  }
  std::string take() { return std::move(text_); }

 private:
  std::set<std::string> known_;
  std::string text_;
};

void add_file(const std::string& path, Bundle& bundle) {
  const std::optional<std::string> text = read_file(path);
  if (text && bundle.add(*text) > 0) return;
  throw base::Error(base::ErrorKind::kUsage,
                    text ? fmt::format("'{}' has no certificate authority in it", path)
                         : fmt::format("cannot read the certificate authorities in '{}'", path))
      .hint("give a readable file with certificates in PEM form");
}

void add_directory(const std::string& directory, Bundle& bundle) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (const std::optional<std::string> text = read_file(entry.path().string())) bundle.add(*text);
  }
}

std::string built_in_authorities() {
  const char* place = curl_version_info(CURLVERSION_NOW)->cainfo;
  return place != nullptr ? place : "";
}

bool is_file(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

}  // namespace

std::string system_authorities(const std::string& root) {
  const std::string built_in = built_in_authorities();
  if (!built_in.empty() && is_file(root + built_in)) return root + built_in;
  for (const char* place : kUsualPlaces)
    if (is_file(root + place)) return root + place;
  return "";
}

bool knows_system_authorities() {
  return is_file(built_in_authorities());
}

std::string read_authorities(const std::vector<std::string>& files, const std::string& directories) {
  Bundle bundle;
  bundle.add(read_file(system_authorities()).value_or(""));
  for (const std::string& file : files) add_file(file, bundle);
  for (const std::string& directory : base::split(directories, ':'))
    if (!directory.empty()) add_directory(directory, bundle);
  return bundle.take();
}

}  // namespace cooper::net
