#include "report/kept_log.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"
#include "support/scripted_output.h"

namespace cooper::report {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class ReportKeptLog : public ::testing::Test {
 protected:
  os::TempDir directory_{::testing::TempDir(), "log-"};
  std::string path_ = directory_.path() + "/cooper.log";
  support::ScriptedOutput shown_;
};

TEST_F(ReportKeptLog, ShowsUpToTheBudgetAndKeepsAll) {
  KeptLog log(shown_, path_, 10);
  log.write("12345\n");
  log.write("too much\n");
  log.write("more\n");
  EXPECT_THAT(shown_.text(), HasSubstr("12345\n"));
  EXPECT_THAT(shown_.text(), HasSubstr("all of it is in " + path_));
  EXPECT_THAT(shown_.text(), Not(HasSubstr("more")));
  log.show_rest();
  log.write("the end\n");
  EXPECT_THAT(shown_.text(), HasSubstr("the end\n"));
  EXPECT_EQ(os::read_file(path_), "12345\ntoo much\nmore\nthe end\n");
}

TEST_F(ReportKeptLog, WithoutABudgetAllIsShown) {
  KeptLog log(shown_, "", 0);
  for (int i = 0; i < 1000; ++i) log.write("line\n");
  EXPECT_EQ(shown_.text().size(), 5000U);
}

TEST_F(ReportKeptLog, SaysWhenItsFileCannotBeWritten) {
  EXPECT_EQ(error_of([&] { KeptLog(shown_, directory_.path() + "/none/x", 0); }).kind(),
            base::ErrorKind::kIo);
}

}  // namespace
}  // namespace cooper::report
