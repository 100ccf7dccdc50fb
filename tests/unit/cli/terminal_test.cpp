#include "cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "os/fd.h"

namespace cooper::cli {
namespace {

TEST(CliTerminal, ColourIsForTerminalsUnlessSomebodySaysSo) {
  os::Fd file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  auto has_colour = [&](std::map<std::string, std::string> variables, bool log_colour = false) {
    return Terminal(file.get(), Environment(std::move(variables)), log_colour).has_color();
  };
  EXPECT_FALSE(has_colour({}));
  EXPECT_TRUE(has_colour({}, true));
  EXPECT_TRUE(has_colour({{"FORCE_COLOR", "1"}}));
  EXPECT_FALSE(has_colour({{"FORCE_COLOR", "0"}}));
  EXPECT_FALSE(has_colour({{"FORCE_COLOR", "1"}, {"NO_COLOR", "1"}}, true));
  EXPECT_FALSE(Terminal(file.get(), Environment({}), true).is_terminal());
}

}  // namespace
}  // namespace cooper::cli
