#include "cli/kaniko_help.h"

#include <cstdlib>
#include <gmock/gmock.h>

#include "cli/kaniko_flags.h"
#include "os/fd.h"

namespace cooper::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDocument = COOPER_SOURCE_DIR "/docs/kaniko-flags.md";

// What stands between two marks of the document.
struct Part {
  std::string name;
  const KanikoFlagTable& table;
  std::string begin() const {
    return "<!-- " + name + ": written by the tests, from the table of the flags -->\n";
  }
  std::string end() const { return "<!-- end of " + name + " -->\n"; }
};

TEST(CliKanikoHelp, TheDocumentSaysWhatTheTableSays) {
  std::string text = os::read_file(kDocument);
  for (const Part& part : {Part{"executor", kaniko_flags()}, Part{"warmer", warmer_flags()}}) {
    const std::size_t begin = text.find(part.begin());
    const std::size_t end = text.find(part.end());
    ASSERT_NE(begin, std::string::npos) << part.name;
    ASSERT_NE(end, std::string::npos) << part.name;
    const std::size_t first = begin + part.begin().size();
    const std::string expected = kaniko_flags_markdown(part.table);
    EXPECT_EQ(text.substr(first, end - first), expected)
        << "UPDATE_GOLDEN=1 rewrites " << kDocument << " and fails";
    text.replace(first, end - first, expected);
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr) os::write_file_atomically(kDocument, text);
}

TEST(CliKanikoHelp, NamesEveryFlagWithItsLetterAndDefault) {
  const std::string help = kaniko_help(kaniko_flags());
  for (const KanikoFlag& flag : kaniko_flags()) EXPECT_THAT(help, HasSubstr("--" + std::string(flag.name)));
  EXPECT_THAT(help, HasSubstr("  -c, --context\n"));
  EXPECT_THAT(help, HasSubstr("(default: /workspace/)"));
  EXPECT_THAT(help, HasSubstr("no meaning here: "));
  EXPECT_THAT(help, HasSubstr("executor login"));
}

}  // namespace
}  // namespace cooper::cli
