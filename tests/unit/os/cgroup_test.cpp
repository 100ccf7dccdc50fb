#include "os/cgroup.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/process.h"
#include "support/error_of.h"

namespace cooper::os {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

TEST(OsCgroup, FindsTheHierarchies) {
  EXPECT_THAT(cgroup_roots("22 1 0:21 / /proc rw - proc proc rw\n"
                           "30 24 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu\n"
                           "31 24 0:27 /docker/x /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                           "32 24 0:28 / /odd\n"),
              ElementsAre("/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"));
  EXPECT_THAT(cgroup_roots(""), IsEmpty());
}

TEST(OsCgroup, MakesAGroupToJoinAndRemovesIt) {
  std::vector<std::string> roots = cgroup_roots(read_file("/proc/self/mountinfo"));
  if (roots.empty() || ::access(roots[0].c_str(), W_OK) != 0)
    GTEST_SKIP() << "no control group may be made here (not root, or none mounted)";
  std::string parent = "cooper-test-" + std::to_string(::getpid());
  std::vector<std::string> files;
  {
    Cgroup group("/" + parent, "one");
    files = group.process_files();
    EXPECT_EQ(files.size(), roots.size());
    EXPECT_EQ(files[0], roots[0] + "/" + parent + "/cooper/one/cgroup.procs");
    for (const std::string& file : files) {
      ProcessOptions options;
      options.argv = {"/bin/sh", "-c", "echo 0 >" + file + " && cat /proc/self/cgroup"};
      EXPECT_THAT(run_process(options, {}).output, HasSubstr("/" + parent + "/cooper/one")) << file;
    }
  }
  for (const std::string& file : files) {
    std::string group = file.substr(0, file.rfind('/'));
    std::string above = group.substr(0, group.rfind('/'));
    EXPECT_FALSE(exists(above.substr(0, above.rfind('/')))) << group;
  }
}

TEST(OsCgroup, NeverLeavesTheRoots) {
  EXPECT_EQ(error_of([] { Cgroup("../../etc", "one"); }).kind(), base::ErrorKind::kUsage);
}

}  // namespace
}  // namespace cooper::os
