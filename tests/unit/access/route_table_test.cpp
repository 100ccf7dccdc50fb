#include "access/route_table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::access {

using support::error_of;

TEST(AccessRouteTable, ANameThatLeadsToNoRepositoryIsRefused) {
  RouteSet set;
  set.route("r.example/app", "the test").mirrors.push_back({"m.example", Mirror::Pulls::kAll});
  const RouteTable table({{set}, {}, true});
  const base::Error error = error_of([&] { table.pull_from(oci::Reference::parse("r.example/app")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_NE(error.message().find("the test"), std::string::npos) << error.message();
  EXPECT_EQ(table.pull_from(oci::Reference::parse("r.example/app/x"))[0].str(), "m.example/x:latest");
}

TEST(AccessRouteTable, OneSourceDecidesTheMirrorsAndAllAddTrust) {
  RouteSet strong;
  strong.route("r.example", "a").mirrors.push_back({"a.example", Mirror::Pulls::kAll});
  strong.hosts["r.example"].verify = false;
  RouteSet weak;
  weak.route("r.example", "b").mirrors.push_back({"b.example", Mirror::Pulls::kAll});
  weak.route("s.example", "b").mirrors.push_back({"b.example", Mirror::Pulls::kAll});
  weak.hosts["r.example"].plain_http = true;
  const RouteTable table({{strong, weak}, {}, true});
  const auto places = table.pull_from(oci::Reference::parse("r.example/x"));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].host, "a.example");
  EXPECT_EQ(table.pull_from(oci::Reference::parse("s.example/x"))[0].host, "b.example");
  EXPECT_TRUE(table.host("r.example").plain_http);
  EXPECT_FALSE(table.host("r.example").tls.verify);
}

TEST(AccessRouteTable, WhatOneSourceBlocksNoOtherAllows) {
  RouteSet strong;
  strong.route("r.example", "a").mirrors.push_back({"a.example", Mirror::Pulls::kAll});
  RouteSet weak;
  weak.route("r.example", "policy.conf:3").blocked = true;
  const RouteTable table({{strong, weak}, {}, true});
  EXPECT_NE(error_of([&] { table.pull_from(oci::Reference::parse("r.example/x")); })
                .message()
                .find("policy.conf:3"),
            std::string::npos);
}

}  // namespace cooper::access
