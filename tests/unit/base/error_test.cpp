#include "base/error.h"

#include <cerrno>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace cooper::base {
namespace {

using ::testing::HasSubstr;

TEST(BaseError, SummaryReadsFromTheOutsideIn) {
  Error error(ErrorKind::kRegistry, "HTTP 500");
  error.context("fetch manifest").context("pull docker.io/library/debian:12");
  EXPECT_EQ(error.summary(), "pull docker.io/library/debian:12: fetch manifest: HTTP 500");
  EXPECT_STREQ(error.what(), error.summary().c_str());
  EXPECT_THAT(error.trail(), ::testing::ElementsAre("fetch manifest", "pull docker.io/library/debian:12"));
}

TEST(BaseError, SummaryEndsWithTheSystemsReason) {
  Error error(ErrorKind::kIo, "cannot open 'x'");
  error.with_errno(ENOENT);
  EXPECT_EQ(error.summary(), "cannot open 'x': No such file or directory");
  EXPECT_EQ(error.errno_value(), ENOENT);
}

TEST(BaseError, RendersTheHouseForm) {
  Error error(ErrorKind::kDockerfile, "unknown instruction 'COYP'");
  error.at({"Dockerfile", 7, 1, 7, "COYP . /app"}).hint("did you mean 'COPY'?");
  EXPECT_EQ(error.render(),
            "Dockerfile:7:1: unknown instruction 'COYP'\n"
            "  COYP . /app\n"
            "  ^\n"
            "hint: did you mean 'COPY'?");
}

TEST(BaseError, PutsTheCaretUnderTheColumn) {
  Error error(ErrorKind::kDockerfile, "bad flag");
  error.at({"Dockerfile", 2, 6, 2, "COPY --x a b"});
  EXPECT_EQ(error.render(), "Dockerfile:2:6: bad flag\n  COPY --x a b\n       ^");
}

TEST(BaseError, LeavesOutWhatIsUnknown) {
  EXPECT_EQ(Error(ErrorKind::kUsage, "no target").render(), "no target");
  Error in_file(ErrorKind::kDockerfile, "empty");
  in_file.at({"Dockerfile", 0, 0, 0, ""});
  EXPECT_EQ(in_file.render(), "Dockerfile: empty");
  Error in_line(ErrorKind::kDockerfile, "odd");
  in_line.at({"Dockerfile", 3, 0, 3, "RUN x"});
  EXPECT_EQ(in_line.render(), "Dockerfile:3: odd\n  RUN x");
}

TEST(BaseError, ReadsAsOneSentenceWhenThrown) {
  try {
    throw Error(ErrorKind::kAuth, "denied").hint("log in").retryable().exit_status(9);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kAuth);
    EXPECT_EQ(error.hint(), "log in");
    EXPECT_TRUE(error.is_retryable());
    EXPECT_EQ(error.exit_status(), 9);
  }
}

TEST(BaseError, ExitStatusIsTheKindsUnlessTheStepHasOne) {
  EXPECT_EQ(Error(ErrorKind::kContext, "x").exit_status(), exit_code(ErrorKind::kContext));
  EXPECT_EQ(Error(ErrorKind::kRunFailed, "x").exit_status(0).exit_status(), 0);
  EXPECT_EQ(Error(ErrorKind::kRunFailed, "x").exit_status(137).exit_status(), 137);
}

TEST(BaseError, EveryKindHasACodeOfItsOwn) {
  std::set<int> codes;
  for (auto kind : {ErrorKind::kUsage, ErrorKind::kDockerfile, ErrorKind::kContext, ErrorKind::kRegistry,
                    ErrorKind::kAuth, ErrorKind::kIo, ErrorKind::kCorrupt, ErrorKind::kUnsupported,
                    ErrorKind::kRunFailed, ErrorKind::kCancelled, ErrorKind::kInternal}) {
    EXPECT_TRUE(codes.insert(exit_code(kind)).second);
    EXPECT_NE(exit_code(kind), 0);
  }
}

TEST(BaseError, SystemErrorsNameTheObject) {
  const Error error = os_error(EACCES, "open", "/secret");
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_EQ(error.summary(), "cannot open '/secret': Permission denied");
  EXPECT_EQ(error.hint(), "");
  EXPECT_THAT(os_error(ENOSPC, "write", "f").hint(), HasSubstr("free some disk space"));
  EXPECT_THAT(os_error(EDQUOT, "write", "f").hint(), HasSubstr("free some disk space"));
}

TEST(BaseError, CheckPassesResultsAndThrowsErrno) {
  EXPECT_EQ(check(7, "read", "x"), 7);
  EXPECT_EQ(check(0L, "read", "x"), 0L);
  try {
    check(::open("/nonexistent/file", O_RDONLY | O_CLOEXEC), "open", "/nonexistent/file");
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.errno_value(), ENOENT);
  }
}

}  // namespace
}  // namespace cooper::base
