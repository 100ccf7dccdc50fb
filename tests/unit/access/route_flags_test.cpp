#include "access/route_flags.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::access {

using support::error_of;

namespace {

base::Error refusal(void (*add)(const std::string&, const std::string&, RouteSet&),
                    const std::string& value) {
  return error_of([&] {
    RouteSet set;
    add(value, "--flag", set);
  });
}

}  // namespace

TEST(AccessRouteFlags, RefuseWhatIsNoPlace) {
  for (const char* value :
       {"", "=", "m.example/UPPER", "m.example:5000/a:tag", "a b", "r.example=", "m.example/a//b"}) {
    const base::Error error = refusal(add_mirror, value);
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << value;
    EXPECT_NE(error.message().find("--flag"), std::string::npos) << error.message();
    EXPECT_FALSE(error.hint().empty()) << value;
  }
}

TEST(AccessRouteFlags, ErrorsHaveNoPasswords) {
  for (const char* value : {"https://user:secret@m.example", "user:secret@m.example", "http://a:secret@b/c"})
    EXPECT_EQ(refusal(add_mirror, value).message().find("secret"), std::string::npos) << value;
}

TEST(AccessRouteFlags, RefuseHalfAPair) {
  for (const char* value : {"r.example", "r.example=cert.pem", "r.example=,key.pem", "r.example=cert.pem,"})
    EXPECT_EQ(refusal(add_client_certificate, value).kind(), base::ErrorKind::kUsage) << value;
}

TEST(AccessRouteFlags, HostsHaveNoPath) {
  EXPECT_EQ(refusal(add_plain_host, "r.example/app").kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(refusal(add_unverified_host, "r.example/app").kind(), base::ErrorKind::kUsage);
}

TEST(AccessRouteFlags, APathMayHoldAnEqualsSign) {
  RouteSet set;
  add_authority("/certs/a=b.pem", "--flag", set);
  EXPECT_EQ(set.hosts.at("").ca_files, std::vector<std::string>{"/certs/a=b.pem"});
  add_authority("[::1]:5000=/certs/a=b.pem", "--flag", set);
  EXPECT_EQ(set.hosts.at("[::1]:5000").ca_files, std::vector<std::string>{"/certs/a=b.pem"});
}

TEST(AccessRouteFlags, AMirrorWithHttpIsPlain) {
  RouteSet set;
  add_mirror("http://cache:5000/hub", "--flag", set);
  EXPECT_TRUE(set.hosts.at("cache:5000").plain_http);
  EXPECT_EQ(set.routes.front().mirrors.front().place, "cache:5000/hub");
}

TEST(AccessRouteFlags, AMapNeedsBothSides) {
  EXPECT_EQ(refusal(add_map, "a.example=b.example;c.example").kind(), base::ErrorKind::kUsage);
}

}  // namespace cooper::access
