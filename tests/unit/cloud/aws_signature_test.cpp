#include "cloud/aws_signature.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

#include "base/digest.h"
#include "net/url.h"
#include "os/process.h"

namespace cooper::cloud {

namespace {

const AwsScope kS3 = {"us-east-1", "s3"};
const std::string kBucket = "https://examplebucket.s3.amazonaws.com";

// Of the examples in S3's API reference.
AwsCredentials example_credentials() {
  return {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}, ""};
}

TimePoint at(const std::string& text) {
  return parse_timestamp(text).value();
}

std::string header(const net::Headers& headers, const std::string& name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string signature(const std::string& method, const std::string& target, const net::Headers& headers,
                      const std::string& body) {
  net::Headers added = sign_aws_request(method, kBucket + target, headers, base::sha256(body).hex(),
                                        example_credentials(), kS3, at("2013-05-24T00:00:00Z"));
  std::string authorization = header(added, "Authorization");
  return authorization.substr(authorization.find("Signature=") + 10);
}

}  // namespace

// "Signature Calculations for the Authorization Header", the examples.
TEST(CloudAwsSignature, SignsTheExamplesOfS3) {
  EXPECT_EQ(signature("GET", "/test.txt", {{"Range", "bytes=0-9"}}, ""),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(
      signature("PUT", "/test%24file.text",
                {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                "Welcome to Amazon S3."),
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(signature("GET", "/?lifecycle", {}, ""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature("GET", "/?max-keys=2&prefix=J", {}, ""),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// "Signature Version 4 signing process", the ListUsers request.
TEST(CloudAwsSignature, SignsTheExampleOfIam) {
  AwsCredentials credentials = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", {}, ""};
  net::Headers added =
      sign_aws_request("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                       {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                       base::sha256("").hex(), credentials, {"us-east-1", "iam"}, at("2015-08-30T12:36:00Z"));
  EXPECT_EQ(header(added, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  EXPECT_EQ(header(added, "X-Amz-Date"), "20150830T123600Z");
  EXPECT_EQ(header(added, "X-Amz-Content-SHA256"), "") << "is S3's alone";
}

TEST(CloudAwsSignature, SendsAndSignsTheSessionToken) {
  AwsCredentials credentials = example_credentials();
  credentials.session_token = "token";
  net::Headers added = sign_aws_request("GET", kBucket + "/a", {}, kUnsignedPayload, credentials, kS3, {});
  EXPECT_EQ(header(added, "X-Amz-Security-Token"), "token");
  EXPECT_EQ(header(added, "X-Amz-Content-SHA256"), "UNSIGNED-PAYLOAD");
  EXPECT_THAT(header(added, "Authorization"), ::testing::HasSubstr("x-amz-security-token"));
}

TEST(CloudAwsSignature, SignsThePortOnlyWhereItIsSent) {
  auto sign = [](const std::string& url) {
    return header(sign_aws_request("GET", url, {}, kUnsignedPayload, example_credentials(), kS3, {}),
                  "Authorization");
  };
  EXPECT_EQ(sign("https://host/a"), sign("https://host:443/a"));
  EXPECT_EQ(sign("http://host/a"), sign("http://host:80/a"));
  EXPECT_NE(sign("http://host/a"), sign("http://host:9000/a"));
}

namespace {

// Deterministic requests of every shape: names that need escaping, queries, ports, tokens, both services'
// rules.
class Requests {
 public:
  nlohmann::json next() {
    static const std::vector<std::string> kServices = {"s3", "s3", "sts", "ecr"};
    static const std::vector<std::string> kMethods = {"GET", "PUT", "POST", "HEAD", "DELETE"};
    nlohmann::json request;
    request["service"] = pick(kServices);
    request["method"] = pick(kMethods);
    request["region"] = pick({"us-east-1", "eu-central-1", "cn-north-1"});
    request["key"] = "AKID" + word();
    request["secret"] = word() + "/+" + word();
    request["token"] = number(2) == 0 ? "" : word() + "==";
    request["time"] = 1'400'000'000 + number(400'000'000);
    request["unsigned"] = number(2) == 0;
    request["body"] = number(2) == 0 ? "" : word();
    request["headers"] = nlohmann::json::object();
    for (std::size_t i = number(3); i > 0; --i)
      request["headers"]["X-Amz-Meta-" + std::to_string(i)] = word();
    if (number(2) == 0) request["headers"]["Content-Type"] = " text/plain;  charset=utf-8 ";
    request["url"] = url();
    return request;
  }

 private:
  std::size_t number(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  std::string pick(const std::vector<std::string>& from) { return from[number(from.size())]; }
  std::string word() {
    return pick({"a", "records", "x y", "blobs", "ab+c", "100%", "\xc3\xa9", "a=b&c", "~-._", "sha256:0"}) +
           std::to_string(number(1000));
  }
  std::string url() {
    std::string url =
        pick({"https", "http"}) + "://" + pick({"host", "b.s3.amazonaws.com", "127.0.0.1:9000", "h:443"});
    for (std::size_t i = number(4); i > 0; --i) url += "/" + net::percent_encode(word());
    if (url.find('/', 8) == std::string::npos) url += "/";
    for (std::size_t i = number(4); i > 0; --i) url = net::with_query(url, word(), word());
    return url;
  }

  std::mt19937 random_{20130524};
};

std::string sign(const nlohmann::json& request) {
  net::Headers headers;
  for (const auto& [name, value] : request["headers"].items()) headers.emplace_back(name, value);
  AwsCredentials credentials = {request["key"], request["secret"], request["token"], {}, ""};
  AwsScope scope = {request["region"], request["service"]};
  bool is_unsigned = scope.service == "s3" && request["unsigned"];
  std::string hash = base::sha256(request["body"].get<std::string>()).hex();
  net::Headers added = sign_aws_request(request["method"], request["url"], headers,
                                        is_unsigned ? std::string(kUnsignedPayload) : hash, credentials,
                                        scope, std::chrono::system_clock::from_time_t(request["time"]));
  return header(added, "Authorization");
}

}  // namespace

TEST(CloudAwsSignature, SignsAsBotocoreDoes) {
  Requests source;
  nlohmann::json requests = nlohmann::json::array();
  for (int i = 0; i < 60; ++i) requests.push_back(source.next());
  os::ProcessOptions options;
  // Debian's Python: another one in PATH would not see Debian's packages.
  options.argv = {"/usr/bin/python3", COOPER_SOURCE_DIR "/tests/unit/cloud/botocore_sign.py"};
  options.input = requests.dump();
  os::ProcessResult result;
  try {
    result = os::run_process(options, {});
  } catch (const std::exception& error) {
    GTEST_SKIP() << "no python3: " << error.what();
  }
  if (result.errors.rfind("no botocore", 0) == 0)
    GTEST_SKIP() << result.errors << "hint: install python3-botocore";
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  nlohmann::json answers = nlohmann::json::parse(result.output);
  ASSERT_EQ(answers.size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ(sign(requests[i]), answers[i]) << requests[i].dump(2);
}

}  // namespace cooper::cloud
