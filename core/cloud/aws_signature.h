// AWS Signature Version 4 in the Authorization header: a pure function of request, credentials, scope and
// time.
//
// "Signature Version 4 signing process" of the AWS IAM user guide; for S3, "Authenticating Requests: Using
// the Authorization Header" of its API reference. S3 differs from every other service in two ways, and both
// follow from the scope's service: its paths are taken as they are sent, not encoded a second time or
// normalised, and the payload's hash is a header too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cloud/timestamp.h"
#include "net/http.h"

namespace cooper::cloud {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;         // "" for keys that do not expire
  std::optional<TimePoint> expires;  // nullopt: never
  std::string source;                // for people: "the environment"
};

struct AwsScope {
  std::string region;   // "eu-central-1"
  std::string service;  // "s3", "sts", "ecr"
};

// For S3 over TLS: bodies are streamed, and their hash is not known when the headers go out.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// The headers to add to a request so that it is signed. Path and query of `url` are taken as they will be
// sent, percent-encoded by RFC 3986 (net::percent_encode). Host and all of `headers` are signed, but those
// that proxies may change. `payload_hash`: hexadecimal SHA-256 of the body, or kUnsignedPayload.
net::Headers sign_aws_request(const std::string& method, const std::string& url, const net::Headers& headers,
                              std::string_view payload_hash, const AwsCredentials& credentials,
                              const AwsScope& scope, TimePoint time);

}  // namespace cooper::cloud
