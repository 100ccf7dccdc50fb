#include "os/user_namespace.h"

#include <cstdio>
#include <functional>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::os {
namespace {

using Ranges = std::vector<IdRange>;
using Map = std::vector<IdMapping>;

TEST(OsUserNamespace, ReadsSubordinateIds) {
  const std::string text =
      "ann:100000:65536\n# "
      "comment\nbob:200000:10\n1000:300000:5\nann:400000:7\nann:x:1\nann:1\n:5:5\nann:9:0\n";
  EXPECT_EQ(parse_subordinate_ids(text, "ann", 1000), (Ranges{{100000, 65536}, {300000, 5}, {400000, 7}}));
  EXPECT_EQ(parse_subordinate_ids(text, "bob", 1001), (Ranges{{200000, 10}}));
  EXPECT_EQ(parse_subordinate_ids(text, "", 1002), (Ranges{}))
      << "a user without a name matches no empty field";
  EXPECT_EQ(parse_subordinate_ids("ann:4294967296:1\nann:-1:1\nann:1 :1\n", "ann", 1), (Ranges{}));
}

TEST(OsUserNamespace, MapsTheOwnIdFirstAndRangesInARow) {
  EXPECT_EQ(map_ranges(1000, {{100000, 65536}, {300000, 5}}),
            (Map{{0, 1000, 1}, {1, 100000, 65536}, {65537, 300000, 5}}));
}

TEST(OsUserNamespace, ReadsTheKernelsMaps) {
  EXPECT_EQ(parse_id_map("         0       1000          1\n         1     100000      65536\n"),
            (Map{{0, 1000, 1}, {1, 100000, 65536}}));
  EXPECT_EQ(parse_id_map("0 0 4294967295\n"), (Map{{0, 0, 4294967295U}}));
}

// 0 when it worked, 77 when this machine does not allow it, else what went wrong.
int in_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(action());
    } catch (const base::Error& error) {
      std::printf("%s\n", error.render().c_str());
      std::fflush(stdout);
      ::_exit(error.kind() == base::ErrorKind::kUnsupported && !error.hint().empty() ? 77 : 1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(OsUserNamespace, EntersWithOneId) {
  const int code = in_child([] {
    enter_user_namespace_with_one_id();
    const Map map = parse_id_map(read_file("/proc/self/uid_map"));
    return ::getuid() == 0 && ::getgid() == 0 && map.size() == 1 && map[0].count == 1 ? 0 : 2;
  });
  if (code == 77) GTEST_SKIP() << "user namespaces are not allowed here";
  EXPECT_EQ(code, 0);
}

TEST(OsUserNamespace, EntersWithARange) {
  const int code = in_child([] {
    enter_user_namespace_with_range();
    std::uint64_t count = 0;
    for (const auto& line : parse_id_map(read_file("/proc/self/uid_map"))) count += line.count;
    return ::getuid() == 0 && ::getgid() == 0 && count > 1 && ::setresuid(1, 1, 1) == 0 ? 0 : 2;
  });
  if (code == 77) GTEST_SKIP() << "this user has no range of ids, or no newuidmap";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace cooper::os
