#include "cloud/aws_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"
#include "net/url.h"
#include "support/error_of.h"

namespace cooper::cloud {

namespace {

using support::error_of;
using testing::answer;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

const std::string kSts = "POST https://sts.eu-west-1.amazonaws.com/";
const std::string kInstance = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
const std::string kContainerAnswer =
    R"({"AccessKeyId":"AKIDC","SecretAccessKey":"hush","Token":"tok","Expiration":"2024-01-01T06:00:00Z"})";

net::Response role_answer(const std::string& action, const std::string& key) {
  return answer(
      200, "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
               "Result><Credentials><AccessKeyId>" + key +
               "</AccessKeyId><SecretAccessKey>hush</SecretAccessKey><SessionToken>session</SessionToken>"
               "<Expiration>2024-01-01T01:00:00Z</Expiration></Credentials></" +
               action + "Result></" + action + "Response>");
}

struct Aws : TestCloud {
  Aws() {
    environment["AWS_REGION"] = "eu-west-1";
    environment["HOME"] = home.path();
    environment["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  AwsCredentials find(AwsOptions options = {}) const {
    return AwsIdentity(context(), std::move(options)).credentials({});
  }
  void profiles(const std::string& config, const std::string& credentials) {
    environment["AWS_CONFIG_FILE"] = file("config", config);
    environment["AWS_SHARED_CREDENTIALS_FILE"] = file("credentials", credentials);
  }
  void with_instance() {
    environment.erase("AWS_EC2_METADATA_DISABLED");
    http->on("PUT http://169.254.169.254/latest/api/token", answer(200, "imds"));
    http->on("GET " + kInstance, answer(200, "builder\n"));
    http->on("GET " + kInstance + "builder", answer(200, kContainerAnswer));
    http->on("GET http://169.254.169.254/latest/meta-data/placement/region", answer(200, "sa-east-1"));
  }
};

}  // namespace

TEST(CloudAwsCredentials, GivenKeysComeFirst) {
  Aws aws;
  aws.environment["AWS_ACCESS_KEY_ID"] = "AKIDE";
  aws.environment["AWS_SECRET_ACCESS_KEY"] = "hush";
  EXPECT_EQ(aws.find({"AKIDX", "given", "", ""}).access_key_id, "AKIDX");
  EXPECT_EQ(aws.find().access_key_id, "AKIDE");
  EXPECT_EQ(error_of([&] { aws.find({"AKIDX", "", "", ""}); }).kind(), base::ErrorKind::kUsage);
}

TEST(CloudAwsCredentials, HalfAPairIsAnError) {
  Aws aws;
  aws.environment["AWS_ACCESS_KEY_ID"] = "AKIDE";
  EXPECT_THAT(error_of([&] { aws.find(); }).message(), HasSubstr("AWS_SECRET_ACCESS_KEY"));
}

TEST(CloudAwsCredentials, ExchangesAWebIdentity) {
  Aws aws;
  aws.environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/ci";
  aws.environment["AWS_ROLE_SESSION_NAME"] = "my job/7";
  aws.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = aws.file("token", "a.b.c\n");
  aws.http->on(kSts, role_answer("AssumeRoleWithWebIdentity", "AKIDW"));
  AwsCredentials found = aws.find();
  EXPECT_EQ(found.access_key_id, "AKIDW");
  EXPECT_EQ(found.session_token, "session");
  EXPECT_EQ(found.expires, parse_timestamp("2024-01-01T01:00:00Z"));
  const net::Request asked = aws.http->requests().at(0);
  EXPECT_EQ(asked.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fci"
            "&RoleSessionName=my-job-7&WebIdentityToken=a.b.c");
  EXPECT_EQ(header_of(asked, "Authorization"), "");
}

TEST(CloudAwsCredentials, ReadsTheTokenAgainAtEveryRenewal) {
  Aws aws;
  aws.environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/ci";
  aws.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = aws.file("token", "first");
  aws.environment["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:5000/";
  aws.http->on("POST http://127.0.0.1:5000/", role_answer("AssumeRoleWithWebIdentity", "AKIDW"));
  AwsIdentity identity(aws.context(), {});
  identity.credentials({});
  identity.credentials({});
  aws.file("token", "second");
  *aws.now += std::chrono::minutes(56);
  identity.credentials({});
  ASSERT_EQ(aws.http->requests().size(), 2U);
  EXPECT_THAT(aws.http->requests()[1].body, HasSubstr("WebIdentityToken=second"));
}

TEST(CloudAwsCredentials, ARefusedWebIdentityEndsTheSearch) {
  Aws aws;
  aws.with_instance();
  aws.environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/ci";
  aws.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = aws.file("token", "very.secret.token");
  aws.http->on(kSts,
               answer(403,
                      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized to perform "
                      "sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>"));
  base::Error error = error_of([&] { aws.find(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.message(), HasSubstr("role 'arn:aws:iam::1:role/ci'"));
  EXPECT_THAT(error.message(), HasSubstr("AccessDenied: Not authorized"));
  EXPECT_THAT(error.render(), Not(HasSubstr("very.secret")));
  EXPECT_EQ(aws.http->requests().size(), 1U);
}

TEST(CloudAwsCredentials, ReadsTheProfilesKeys) {
  Aws aws;
  aws.profiles(
      "[default]\nregion = us-west-2\n[profile ci]\nregion=eu-north-1 # cold\ns3 =\n  region = nested\n",
      "[default]\naws_access_key_id = AKIDD\naws_secret_access_key = hush\n"
      "[ci]\naws_access_key_id=AKIDP\naws_secret_access_key=hu+/=sh\naws_session_token=t\n");
  EXPECT_EQ(aws.find().access_key_id, "AKIDD");
  aws.environment["AWS_PROFILE"] = "ci";
  EXPECT_EQ(aws.find().access_key_id, "AKIDP");
  EXPECT_EQ(aws.find().secret_access_key, "hu+/=sh");
  EXPECT_EQ(aws.find().source, "profile 'ci'");
  EXPECT_EQ(AwsIdentity(aws.context(), {}).region(), "eu-west-1");
  aws.environment.erase("AWS_REGION");
  EXPECT_EQ(AwsIdentity(aws.context(), {}).region(), "eu-north-1");
  EXPECT_EQ(AwsIdentity(aws.context(), {"", "", "", "given"}).region(), "given");
}

TEST(CloudAwsCredentials, AssumesTheProfilesRole) {
  Aws aws;
  aws.profiles("[profile ci]\nrole_arn = arn:aws:iam::1:role/ci\nsource_profile = base\nexternal_id = ext\n",
               "[base]\naws_access_key_id=AKIDB\naws_secret_access_key=hush\n");
  aws.environment["AWS_PROFILE"] = "ci";
  aws.http->on(kSts, role_answer("AssumeRole", "AKIDR"));
  EXPECT_EQ(aws.find().access_key_id, "AKIDR");
  const net::Request asked = aws.http->requests().at(0);
  EXPECT_THAT(asked.body, HasSubstr("Action=AssumeRole&"));
  EXPECT_THAT(asked.body, HasSubstr("&ExternalId=ext"));
  EXPECT_THAT(header_of(asked, "Authorization"),
              HasSubstr("Credential=AKIDB/20240101/eu-west-1/sts/aws4_request"));
}

TEST(CloudAwsCredentials, ProfilesThatCannotBeUsedAreNamed) {
  Aws aws;
  aws.profiles(
      "[profile loop]\nrole_arn=r\nsource_profile=pool\n[profile pool]\nrole_arn=r\nsource_profile=loop\n"
      "[profile process]\ncredential_process=/bin/keys\n[profile half]\naws_access_key_id=AKID\n"
      "[profile alone]\nrole_arn=r\n",
      "");
  auto failure = [&](const std::string& name) {
    aws.environment["AWS_PROFILE"] = name;
    return error_of([&] { aws.find(); });
  };
  EXPECT_THAT(failure("loop").message(), HasSubstr("'loop' leads back to itself"));
  EXPECT_THAT(failure("process").message(), HasSubstr("'process' uses credential_process"));
  EXPECT_EQ(failure("process").kind(), base::ErrorKind::kUnsupported);
  EXPECT_THAT(failure("half").message(), HasSubstr("only one of"));
  EXPECT_THAT(failure("alone").message(), HasSubstr("neither source_profile nor credential_source"));
  EXPECT_THAT(failure("nobody").message(), HasSubstr("'nobody' does not exist in '"));
}

TEST(CloudAwsCredentials, AsksTheContainerEndpoint) {
  Aws aws;
  aws.environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1";
  aws.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "open sesame";
  aws.http->on("GET http://169.254.170.2/v2/credentials/1", answer(200, kContainerAnswer));
  AwsCredentials found = aws.find();
  EXPECT_EQ(found.access_key_id, "AKIDC");
  EXPECT_EQ(found.session_token, "tok");
  EXPECT_EQ(header_of(aws.http->requests().at(0), "Authorization"), "open sesame");
}

TEST(CloudAwsCredentials, SendsTheContainersTokenToNoOtherHost) {
  Aws aws;
  aws.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil.example/creds";
  EXPECT_THAT(error_of([&] { aws.find(); }).message(), HasSubstr("neither https nor this machine"));
  EXPECT_TRUE(aws.http->requests().empty());
  aws.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  aws.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = aws.file("token", "from a file\n");
  aws.http->on("GET http://169.254.170.23/v1/credentials", answer(200, kContainerAnswer));
  EXPECT_EQ(aws.find().access_key_id, "AKIDC");
  EXPECT_EQ(header_of(aws.http->requests().at(0), "Authorization"), "from a file");
}

TEST(CloudAwsCredentials, AsksTheInstanceByVersion2) {
  Aws aws;
  aws.with_instance();
  EXPECT_EQ(aws.find().access_key_id, "AKIDC");
  EXPECT_EQ(aws.find().source, "the instance's role 'builder'");
  EXPECT_EQ(header_of(aws.http->requests().at(0), "X-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(header_of(aws.http->requests().at(1), "X-aws-ec2-metadata-token"), "imds");
  aws.environment.erase("AWS_REGION");
  EXPECT_EQ(AwsIdentity(aws.context(), {}).find_region({}), "sa-east-1");
  EXPECT_EQ(AwsIdentity(aws.context(), {}).region(), "");
}

TEST(CloudAwsCredentials, SaysWhereItLooked) {
  Aws aws;
  base::Error error = error_of([&] { aws.find(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  for (const char* place :
       {"the environment (AWS_ACCESS_KEY_ID is not set)", "web identity", "profile 'default' (in '",
        "container endpoint", "switched off by AWS_EC2_METADATA_DISABLED"}) {
    EXPECT_THAT(error.message(), HasSubstr(place));
  }
  EXPECT_TRUE(aws.http->requests().empty());
  aws.environment.erase("AWS_EC2_METADATA_DISABLED");
  EXPECT_THAT(error_of([&] { aws.find(); }).message(), HasSubstr("instance metadata (nobody listens at"));
}

}  // namespace cooper::cloud
