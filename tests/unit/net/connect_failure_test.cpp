#include "net/connect_failure.h"

#include <gtest/gtest.h>

namespace cooper::net {

TEST(NetConnectFailure, ToldByLibcurlsCodeAndOpensslsWords) {
  const auto hint = [](CURLcode code, const char* reason) {
    const ConnectFailure failure = connect_failure(code, reason);
    EXPECT_TRUE(failure.is_lasting) << reason;
    return failure.hint;
  };
  EXPECT_NE(
      hint(CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: unable to get local issuer certificate")
          .find("--registry-ca"),
      std::string::npos);
  EXPECT_NE(hint(CURLE_PEER_FAILED_VERIFICATION,
                 "SSL: no alternative certificate subject name matches target host name 'r.example'")
                .find("name"),
            std::string::npos);
  EXPECT_NE(hint(CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number")
                .find("--registry-insecure"),
            std::string::npos);
  EXPECT_NE(hint(CURLE_RECV_ERROR, "error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0")
                .find("--registry-client-cert"),
            std::string::npos);
  EXPECT_NE(
      hint(CURLE_SSL_CACERT_BADFILE, "error setting certificate verify locations").find("ca-certificates"),
      std::string::npos);
  EXPECT_NE(hint(CURLE_SSL_CERTPROBLEM, "unable to set private key file").find("key"), std::string::npos);
  EXPECT_NE(hint(CURLE_RECV_ERROR, "CONNECT tunnel failed, response 407").find("proxy"), std::string::npos);
  EXPECT_NE(hint(CURLE_RECV_ERROR, "Received HTTP code 407 from proxy after CONNECT").find("proxy"),
            std::string::npos);
}

TEST(NetConnectFailure, WhatMayPassSaysWhereToLook) {
  for (CURLcode code : {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY}) {
    EXPECT_FALSE(connect_failure(code, "").is_lasting);
    EXPECT_FALSE(connect_failure(code, "").hint.empty());
  }
  EXPECT_FALSE(connect_failure(CURLE_RECV_ERROR, "Connection reset by peer").is_lasting);
  EXPECT_TRUE(connect_failure(CURLE_RECV_ERROR, "Connection reset by peer").hint.empty());
}

}  // namespace cooper::net
