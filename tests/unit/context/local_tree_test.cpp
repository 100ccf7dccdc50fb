#include "context/local_tree.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "base/error.h"

namespace cooper::context {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using testing::ElementsAre;
using testing::IsEmpty;

class ContextLocalTree : public testing::Test {
 protected:
  std::string at(const std::string& path) const { return directory_.path() + "/" + path; }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path)) << text;
  }

  LocalTree tree(const std::vector<std::string>& patterns = {}) const {
    return LocalTree(directory_.path(), PatternMatcher(patterns));
  }

  std::vector<std::string> walked(const LocalTree& tree, const std::string& path = "") {
    std::vector<std::string> paths;
    for (const Entry& entry : walk(tree, path, pool_)) paths.push_back(entry.path);
    return paths;
  }

  os::TempDir directory_{testing::TempDir()};
  base::ThreadPool pool_{2};
};

std::vector<std::string> paths_of(const std::vector<Entry>& entries) {
  std::vector<std::string> paths;
  for (const Entry& entry : entries) paths.push_back(entry.path);
  return paths;
}

std::string content_of(const LocalTree& tree, const std::string& path) {
  const os::Fd file = tree.open(path);
  os::FdSource source(file.get(), path);
  return base::read_all(source, 1 << 20, path);
}

TEST_F(ContextLocalTree, DescribesAFile) {
  write("a/file", "hello");
  ASSERT_EQ(::chmod(at("a/file").c_str(), 04750), 0);
  const std::array<timespec, 2> times{{{1000, 5}, {1234, 567}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("a/file").c_str(), times.data(), 0), 0);
  const auto entry = tree().lookup("a/file");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->path, "a/file");
  EXPECT_EQ(entry->type, EntryType::kFile);
  EXPECT_EQ(entry->mode, 04750U);
  EXPECT_EQ(entry->uid, 0U);
  EXPECT_EQ(entry->gid, 0U);
  EXPECT_EQ(entry->mtime, 1234);
  EXPECT_EQ(entry->mtime_nsec, 567U);
  EXPECT_EQ(entry->size, 5U);
}

TEST_F(ContextLocalTree, FindsNothingOutsideOrBehindLinks) {
  write("a/file", "x");
  std::filesystem::create_directory_symlink("a", at("link"));
  const LocalTree context = tree();
  EXPECT_FALSE(context.lookup("b"));
  EXPECT_FALSE(context.lookup("a/file/x"));
  EXPECT_FALSE(context.lookup("link/file"));
  EXPECT_FALSE(context.lookup("../" + std::filesystem::path(directory_.path()).filename().string()));
  EXPECT_FALSE(context.lookup("a/"));
  ASSERT_TRUE(context.lookup("link"));
  EXPECT_EQ(context.lookup("link")->link_target, "a");
  EXPECT_THAT(context.list("link"), IsEmpty());
  EXPECT_THROW(context.open("link/file"), base::Error);
}

TEST_F(ContextLocalTree, ListsByNameWhateverItsBytes) {
  write("b", "");
  write("a\xff", "");
  write("a b\n", "");
  write("A", "");
  EXPECT_THAT(paths_of(tree().list("")), ElementsAre("A", "a b\n", "a\xff", "b"));
  EXPECT_THAT(tree().list("missing"), IsEmpty());
  EXPECT_THAT(tree().list("b"), IsEmpty());
}

TEST_F(ContextLocalTree, TheRootIsADirectory) {
  const auto root = tree({"**"}).lookup("");
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->is_directory());
  EXPECT_EQ(root->path, "");
}

TEST_F(ContextLocalTree, WalksInPathOrder) {
  write("a/z", "");
  write("a-b", "");
  write("a/b/c", "");
  write("a.txt", "");
  const LocalTree context = tree();
  EXPECT_THAT(walked(context), ElementsAre("", "a", "a/b", "a/b/c", "a/z", "a-b", "a.txt"));
  EXPECT_THAT(walked(context, "a/b"), ElementsAre("a/b", "a/b/c"));
  EXPECT_THAT(walked(context, "a.txt"), ElementsAre("a.txt"));
  EXPECT_THAT(walked(context, "missing"), IsEmpty());
}

TEST_F(ContextLocalTree, IgnoredPathsDoNotExist) {
  write("src/main.c", "");
  write("build/out.o", "");
  write("src/x.o", "");
  const LocalTree context = tree({"build", "**/*.o"});
  EXPECT_THAT(walked(context), ElementsAre("", "src", "src/main.c"));
  EXPECT_FALSE(context.lookup("build"));
  EXPECT_FALSE(context.lookup("build/out.o"));
  EXPECT_FALSE(context.lookup("src/x.o"));
  EXPECT_THROW(context.open("src/x.o"), base::Error);
  EXPECT_THAT(context.list("build"), IsEmpty());
  EXPECT_TRUE(context.is_ignored("build/out.o"));
  EXPECT_FALSE(context.is_ignored("src/main.c"));
  EXPECT_FALSE(context.is_ignored("build/missing"));
}

TEST_F(ContextLocalTree, AnIgnoredDirectoryAppearsAsAParentOfWhatIsIncluded) {
  write("docs/a/deep/keep.md", "");
  write("docs/a/other.md", "");
  write("docs/b/other.md", "");
  write("other/file", "");
  const LocalTree context = tree({"**", "!docs/a/*/keep.md"});
  EXPECT_THAT(walked(context), ElementsAre("", "docs", "docs/a", "docs/a/deep", "docs/a/deep/keep.md"));
  EXPECT_TRUE(context.lookup("docs/a"));
  EXPECT_FALSE(context.lookup("docs/b"));
  EXPECT_FALSE(context.lookup("docs/a/other.md"));
  EXPECT_TRUE(context.lookup("docs/a/deep/keep.md"));
}

TEST_F(ContextLocalTree, AnExclusionThatFindsNothingShowsNothing) {
  write("docs/a/file", "");
  std::filesystem::create_directories(at("docs/empty"));
  EXPECT_THAT(walked(tree({"docs", "!docs/**/*.md"})), ElementsAre(""));
}

TEST_F(ContextLocalTree, ADirectoryThatIsBroughtBackBringsItsContent) {
  write("a/b/c", "");
  write("a/d", "");
  EXPECT_THAT(walked(tree({"a", "!a/b"})), ElementsAre("", "a", "a/b", "a/b/c"));
}

TEST_F(ContextLocalTree, DoesNotReadAnIgnoredDirectoryThatNobodyMayRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every directory";
  write("secret/x", "");
  write("file", "");
  ASSERT_EQ(::chmod(at("secret").c_str(), 0), 0);
  EXPECT_THAT(walked(tree({"secret"})), ElementsAre("", "file"));
  EXPECT_THAT(walked(tree({"secret", "!secret/keep"})), ElementsAre("", "file"));
  EXPECT_THROW(walked(tree()), base::Error);
  ASSERT_EQ(::chmod(at("secret").c_str(), 0700), 0);
}

TEST_F(ContextLocalTree, SocketsAreEmptyFiles) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const os::Fd owner(socket);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (at("s").size() >= sizeof address.sun_path) GTEST_SKIP() << "the temporary directory's path is too long";
  at("s").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const LocalTree context = tree();
  const auto entry = context.lookup("s");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->type, EntryType::kFile);
  EXPECT_EQ(entry->size, 0U);
  EXPECT_EQ(content_of(context, "s"), "");
  EXPECT_EQ(context.content_digest(*entry), base::sha256(std::string_view()));
}

TEST_F(ContextLocalTree, AFifoIsAnEntryThatIsNeverOpened) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0644), 0);
  const LocalTree context = tree();
  EXPECT_EQ(context.lookup("pipe")->type, EntryType::kFifo);
  EXPECT_THROW(context.open("pipe"), base::Error);
}

TEST_F(ContextLocalTree, NamesOfOneInodeAreAGroup) {
  write("one", "x");
  write("other", "x");
  std::filesystem::create_hard_link(at("one"), at("two"));
  const LocalTree context = tree();
  const std::vector<Entry> entries = context.list("");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_NE(context.link_group(entries[0]), "");
  EXPECT_EQ(context.link_group(entries[1]), "");
  EXPECT_EQ(context.link_group(entries[0]), context.link_group(entries[2]));
}

TEST_F(ContextLocalTree, HashesContents) {
  write("a", "hello");
  write("d/b", "");
  const LocalTree context = tree();
  std::vector<Entry> entries = walk(context, "", pool_);
  hash_contents(context, entries, pool_);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_TRUE(entries[0].content.empty());
  EXPECT_EQ(entries[1].content, base::sha256(std::string_view("hello")));
  EXPECT_EQ(entries[3].content, base::sha256(std::string_view()));
  EXPECT_EQ(content_of(context, "a"), "hello");
}

TEST_F(ContextLocalTree, NoticesAFileThatGrew) {
  write("a", "hello");
  const LocalTree context = tree();
  const auto entry = context.lookup("a");
  write("a", "hello, world");
  EXPECT_THROW(context.content_digest(*entry), base::Error);
}

TEST_F(ContextLocalTree, AsksTheDigestCacheFirst) {
  write("a", "hello");
  auto digests = std::make_shared<DigestCache>();
  const LocalTree context(directory_.path(), PatternMatcher({}), digests);
  const auto entry = context.lookup("a");
  struct stat status {};
  ASSERT_EQ(::lstat(at("a").c_str(), &status), 0);
  const FileIdentity identity{status.st_dev, status.st_ino, 5,
                              status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec,
                              status.st_ctim.tv_sec * 1'000'000'000LL + status.st_ctim.tv_nsec};
  const base::Digest planted = base::sha256(std::string_view("planted"));
  digests->put("a", identity, planted, identity.ctime_nsec);
  EXPECT_EQ(context.content_digest(*entry), planted);
  // What is met from now on has it with it.
  EXPECT_EQ(context.list("").front().content, planted);
  EXPECT_EQ(context.lookup("a")->content, planted);
}

TEST_F(ContextLocalTree, GivesNoOtherDigestThanBefore) {
  write("a", "hello");
  const LocalTree context = tree();
  EXPECT_TRUE(context.list("").front().content.empty());
  context.content_digest(*context.lookup("a"));
  EXPECT_EQ(context.list("").front().content, base::sha256(std::string_view("hello")));
  write("a", "world");
  const Entry changed = context.list("").front();
  EXPECT_TRUE(changed.content.empty());
  EXPECT_THROW(context.content_digest(changed), base::Error);
}

TEST_F(ContextLocalTree, RefusesWhatIsNoDirectory) {
  write("file", "");
  try {
    const LocalTree context(at("file"), PatternMatcher({}));
    FAIL() << "a file was taken as context";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
    EXPECT_THAT(error.message(), testing::HasSubstr(at("file")));
  }
}

}  // namespace
}  // namespace cooper::context
