#include "context/git_checkout.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "context/git_tree_writer.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/process.h"
#include "support/error_of.h"
#include "support/git_work_tree.h"

namespace cooper::context {
namespace {

using support::error_of;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class ContextGitCheckout : public ::testing::Test {
 protected:
  GitRepository repository() {
    const GitUrl url = GitUrl::local(origin_.directory());
    return {url, url, root_.path() + "/cache", {}};
  }
  // Checks out `ref` into a fresh directory, which out() is in.
  void check_out(const GitCheckoutOptions& options = {}, const std::string& ref = "main") {
    const GitRepository ours = repository();
    out_ = root_.path() + "/out" + std::to_string(checkouts_++);
    fs::create_directory(out_);
    context::check_out(ours, ours.fetch(ours.resolve(ref, {}), {}), options, out_, {});
  }
  base::Error failure(const GitCheckoutOptions& options = {}) {
    return error_of([&] { check_out(options); });
  }
  std::string out(const std::string& path) const { return out_ + "/" + path; }
  std::string read(const std::string& path) const { return os::read_file(out(path)); }
  mode_t mode(const std::string& path) const {
    struct stat status {};
    ::lstat(out(path).c_str(), &status);
    return status.st_mode & 07777;
  }
  // Makes main a commit of this tree, whatever is in it. `lines`: "<mode> <type> <id>\t<name>".
  void commit_tree(const std::string& raw_tree) {
    os::ProcessOptions hash;
    hash.argv = {"git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"};
    hash.cwd = origin_.directory();
    hash.input = raw_tree;
    std::string tree = os::run_process(hash, {}).output;
    tree.pop_back();
    const std::string commit = origin_.git({"commit-tree", "-m", "by hand", tree});
    origin_.git({"update-ref", "refs/heads/main", commit});
  }
  // One entry of a raw tree.
  std::string entry(const std::string& mode, const std::string& name, const std::string& id) const {
    std::string raw = mode + " " + name + '\0';
    for (std::size_t i = 0; i < id.size(); i += 2)
      raw += static_cast<char>(std::stoi(id.substr(i, 2), nullptr, 16));
    return raw;
  }
  std::string blob(const std::string& content) {
    origin_.write("../blob", content);
    return origin_.git({"hash-object", "-w", "../blob"});
  }
  std::string tree_with_file() {
    const std::string raw = entry("100644", "file", blob("content"));
    origin_.write("../tree", raw);
    return origin_.git({"hash-object", "-t", "tree", "-w", "--literally", "../tree"});
  }
  std::string git_out(const std::vector<std::string>& arguments) const {
    os::ProcessOptions options;
    options.argv = {"git", "-c", "safe.directory=*"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.cwd = out_;
    os::ProcessResult result = os::run_process(options, {});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    while (result.output.ends_with('\n')) result.output.pop_back();
    return result.output;
  }

  os::TempDir root_{::testing::TempDir()};
  support::GitWorkTree origin_{root_.path() + "/origin"};
  std::string out_;
  int checkouts_ = 0;
};

TEST_F(ContextGitCheckout, WritesFilesProgramsLinksAndDirectories) {
  origin_.write("dir/deep/file", "content");
  origin_.write("run.sh", "#!/bin/sh\n");
  fs::permissions(origin_.directory() + "/run.sh", fs::perms(0755));
  fs::create_symlink("dir/deep", origin_.directory() + "/link");
  fs::create_symlink("/etc/passwd", origin_.directory() + "/outside");
  origin_.commit("all kinds");
  const mode_t before = ::umask(0077);
  check_out();
  ::umask(before);
  EXPECT_EQ(read("dir/deep/file"), "content");
  EXPECT_EQ(mode("dir/deep/file"), 0644U);
  EXPECT_EQ(mode("run.sh"), 0755U);
  EXPECT_EQ(mode("dir/deep"), 0755U);
  EXPECT_EQ(fs::read_symlink(out("link")), "dir/deep");
  EXPECT_EQ(fs::read_symlink(out("outside")), "/etc/passwd");
  EXPECT_FALSE(fs::exists(out(".git")));
}

TEST_F(ContextGitCheckout, ASubdirectoryIsTheRoot) {
  origin_.write("a/b/file", "inner");
  origin_.commit_file("file", "outer");
  check_out({.subdir = "a/b"});
  EXPECT_EQ(read("file"), "inner");
  base::Error missing = failure({.subdir = "a/c"});
  EXPECT_THAT(missing.message(), HasSubstr("has no directory 'a/c'"));
  EXPECT_EQ(missing.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(failure({.subdir = "file"}).message(), HasSubstr("has no directory 'file'"));
}

TEST_F(ContextGitCheckout, ASubdirectoryThroughALinkIsRefused) {
  fs::create_symlink("/etc", origin_.directory() + "/link");
  origin_.commit("link");
  EXPECT_THAT(failure({.subdir = "link"}).message(), HasSubstr("has no directory 'link'"));
}

TEST_F(ContextGitCheckout, LineEndingsAreAsTheCommitAsks) {
  origin_.write(".gitattributes", "*.bat text eol=crlf\n*.id ident\n*.big filter=lfs\n");
  origin_.write("sub/.gitattributes", "*.bat -text\n");
  origin_.write("run.bat", "one\ntwo\n");
  origin_.write("sub/run.bat", "one\ntwo\n");
  origin_.write("name.id", "$Id$\n");
  origin_.write("file.big", "version https://git-lfs.github.com/spec/v1\n");
  origin_.commit_file("file", "one\ntwo\n");
  check_out();
  EXPECT_EQ(read("run.bat"), "one\r\ntwo\r\n");
  EXPECT_EQ(read("sub/run.bat"), "one\ntwo\n");
  EXPECT_EQ(read("file"), "one\ntwo\n");
  EXPECT_THAT(read("name.id"), ::testing::StartsWith("$Id: "));
  EXPECT_EQ(read("file.big"), "version https://git-lfs.github.com/spec/v1\n") << "no filter program is run";
  check_out({.subdir = "sub"});
  EXPECT_EQ(read("run.bat"), "one\ntwo\n");
}

TEST_F(ContextGitCheckout, AttributesAboveASubdirectoryCount) {
  origin_.write(".gitattributes", "*.bat text eol=crlf\n");
  origin_.commit_file("sub/run.bat", "one\n");
  check_out({.subdir = "sub"});
  EXPECT_EQ(read("run.bat"), "one\r\n");
}

TEST_F(ContextGitCheckout, NamesThatGitRefusesAreRefused) {
  for (const char* name : {".git", ".GIT", "git~1", "..", ".", ".git. ", "a/b"}) {
    commit_tree(entry("40000", name, tree_with_file()));
    base::Error error = failure();
    EXPECT_EQ(error.kind() == base::ErrorKind::kContext || error.kind() == base::ErrorKind::kCorrupt, true)
        << name << ": " << error.summary();
    EXPECT_TRUE(fs::is_empty(out_)) << name;
  }
}

TEST_F(ContextGitCheckout, NothingIsWrittenThroughALink) {
  const std::string outside = root_.path() + "/outside";
  fs::create_directory(outside);
  commit_tree(entry("120000", "a", blob(outside)) + entry("40000", "a", tree_with_file()));
  failure();
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(ContextGitCheckout, DepthIsBounded) {
  set_up_git_library();
  std::string tree = tree_with_file();
  const auto repository =
      git_get<GitRepositoryHandle>("open", git_repository_open, origin_.directory().c_str());
  const auto odb = git_get<GitOdbHandle>("open", git_repository_odb, repository.get());
  for (int i = 0; i < 300; ++i) {
    const std::string raw = entry("40000", "d", tree);
    git_oid id;
    ASSERT_EQ(git_odb_write(&id, odb.get(), raw.data(), raw.size(), GIT_OBJECT_TREE), 0);
    tree = object_id_hex(id);
  }
  commit_tree(entry("40000", "d", tree));
  EXPECT_THAT(failure().message(), HasSubstr("deeper than 256 directories"));
}

TEST_F(ContextGitCheckout, AStopRequestEndsIt) {
  origin_.commit_file("file", "content");
  const GitRepository ours = repository();
  const GitRevision revision = ours.fetch(ours.resolve("", {}), {});
  std::stop_source source;
  source.request_stop();
  fs::create_directory(root_.path() + "/out");
  base::Error error =
      error_of([&] { context::check_out(ours, revision, {}, root_.path() + "/out", source.get_token()); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
}

TEST_F(ContextGitCheckout, DamagedObjectsAreForgottenAndFetchedAnew) {
  origin_.commit_file("file", "content");
  check_out();
  for (const auto& item : fs::recursive_directory_iterator(root_.path() + "/cache")) {
    if (item.path().extension() == ".pack") fs::resize_file(item.path(), fs::file_size(item.path()) / 2);
  }
  const GitRepository ours = repository();
  const GitRevision revision{origin_.git({"rev-parse", "HEAD"}), "", ""};
  fs::create_directory(root_.path() + "/out");
  base::Error error = error_of([&] { context::check_out(ours, revision, {}, root_.path() + "/out", {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_TRUE(error.is_retryable());
  check_out();
  EXPECT_EQ(read("file"), "content");
}

TEST(ContextGitTreeWriter, KnowsTheNamesThatGitRefuses) {
  for (const char* name : {"", ".", "..", "a/b", ".git", ".GiT", ".git.", ".git ", ".git . .", ".git::$INDEX",
                           "git~1", "GIT~1", ".git\\x"}) {
    EXPECT_TRUE(is_refused_name(name)) << name;
  }
  for (const char* name :
       {".github", ".gitignore", "git", "x.git", "git~12", "...", ".gitx", " .git", "a\\b"}) {
    EXPECT_FALSE(is_refused_name(name)) << name;
  }
}

class ContextGitSubmodules : public ContextGitCheckout {
 protected:
  support::GitWorkTree inner_{root_.path() + "/inner"};
  support::GitWorkTree middle_{root_.path() + "/middle"};
  std::string inner_commit_ = inner_.commit_file("file", "inner");
  std::string middle_commit_ = [this] {
    middle_.add_submodule("lib/inner", "../inner", inner_commit_);
    return middle_.commit_file("file", "middle");
  }();
};

TEST_F(ContextGitSubmodules, AreCheckedOutRecursively) {
  origin_.add_submodule("vendor/middle", "../middle", middle_commit_);
  origin_.commit_file("file", "outer");
  check_out();
  EXPECT_EQ(read("vendor/middle/file"), "middle");
  EXPECT_EQ(read("vendor/middle/lib/inner/file"), "inner");
  EXPECT_FALSE(fs::exists(out("vendor/middle/.git")));
  check_out({.subdir = "", .submodules = false});
  EXPECT_TRUE(fs::is_empty(out("vendor/middle")));
}

TEST_F(ContextGitSubmodules, AreReadAtTheirOwnCommit) {
  inner_.commit_file("file", "newer");
  origin_.add_submodule("inner", "../inner", inner_commit_);
  origin_.commit("pinned");
  check_out();
  EXPECT_EQ(read("inner/file"), "inner");
}

TEST_F(ContextGitSubmodules, ASubdirectoryMayHoldThemOrLieInOne) {
  origin_.add_submodule("vendor/middle", "../middle", middle_commit_);
  origin_.commit("submodule");
  check_out({.subdir = "vendor"});
  EXPECT_EQ(read("middle/lib/inner/file"), "inner");
  check_out({.subdir = "vendor/middle/lib/inner"});
  EXPECT_EQ(read("file"), "inner");
  EXPECT_THAT(failure({.subdir = "vendor/middle/none"}).message(), HasSubstr("has no directory 'none'"));
  EXPECT_THAT(failure({.subdir = "vendor/middle", .submodules = false}).message(),
              HasSubstr("has no directory 'vendor/middle'"));
}

TEST_F(ContextGitSubmodules, PathsOfThisMachineAndOddSchemesAreRefused) {
  for (const char* url : {"/etc", "file:///etc", "ext::sh -c id", "-u./payload"}) {
    origin_.git({"config", "-f", ".gitmodules", "submodule.inner.url", url});
    origin_.add_submodule("inner", url, inner_commit_);
    origin_.commit(url);
    base::Error error = failure();
    EXPECT_EQ(error.kind(), base::ErrorKind::kContext) << url;
    EXPECT_THAT(error.summary(), HasSubstr("submodule 'inner' of")) << url;
  }
}

TEST_F(ContextGitSubmodules, OneWithoutAUrlSaysSo) {
  origin_.add_submodule("inner", "../inner", inner_commit_);
  fs::remove(origin_.directory() + "/.gitmodules");
  origin_.commit("no .gitmodules");
  base::Error error = failure();
  EXPECT_THAT(error.message(), HasSubstr("'inner' has no URL in .gitmodules"));
  EXPECT_THAT(error.hint(), HasSubstr("submodules=false"));
}

TEST_F(ContextGitSubmodules, ThoseThatWantNoUpdateStayEmpty) {
  origin_.add_submodule("inner", "../inner", inner_commit_);
  origin_.git({"config", "-f", ".gitmodules", "submodule.inner.update", "none"});
  origin_.commit("no update");
  check_out();
  EXPECT_TRUE(fs::is_empty(out("inner")));
}

TEST_F(ContextGitSubmodules, AMissingOneIsNamed) {
  origin_.add_submodule("inner", "../none", inner_commit_);
  origin_.commit("missing");
  EXPECT_THAT(failure().summary(), HasSubstr("submodule 'inner' of '" + origin_.directory() + "'"));
}

TEST_F(ContextGitCheckout, TheKeptDirectoryIsARepositoryAtThatCommit) {
  origin_.write("dir/file", "content");
  origin_.commit_file("run.sh", "#!/bin/sh\n");
  const std::string commit = origin_.commit_file("file", "second");
  check_out({.subdir = "", .keep_git_dir = true});
  EXPECT_EQ(git_out({"rev-parse", "HEAD"}), commit);
  EXPECT_EQ(git_out({"status", "--porcelain"}), "");
  EXPECT_EQ(git_out({"rev-parse", "refs/heads/main"}), commit);
  EXPECT_EQ(git_out({"config", "remote.origin.url"}), origin_.directory());
  EXPECT_EQ(git_out({"rev-list", "--count", "HEAD"}), "1") << "no history, as of a shallow clone";
  git_out({"fsck", "--full", "--strict"});
  EXPECT_FALSE(fs::exists(out(".git/hooks")));
}

TEST_F(ContextGitCheckout, TheKeptDirectoryKnowsItsTag) {
  origin_.commit_file("file", "content");
  origin_.git({"tag", "-a", "-m", "first", "v1"});
  check_out({.subdir = "", .keep_git_dir = true}, "v1");
  EXPECT_EQ(git_out({"describe"}), "v1");
  EXPECT_EQ(git_out({"cat-file", "-t", "v1"}), "tag");
}

std::string hash_tree(const std::string& directory) {
  os::ProcessOptions options;
  options.argv = {"sh", "-c", "find . -type f | LC_ALL=C sort | xargs sha256sum"};
  options.cwd = directory;
  return os::run_process(options, {}).output;
}

TEST_F(ContextGitCheckout, TheKeptDirectoryHasTheSameBytesWhateverWasFetchedBefore) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += "line " + std::to_string(i * i) + "\n";
    origin_.write("file" + std::to_string(i % 20), text);
    if (i % 50 == 0) {
      origin_.commit("step");
      check_out();
    }
  }
  origin_.commit("last");
  check_out({.subdir = "", .keep_git_dir = true});
  const std::string grown = hash_tree(out_);
  EXPECT_THAT(grown, HasSubstr(".pack"));
  fs::remove_all(root_.path() + "/cache");
  origin_.git({"gc", "-q", "--aggressive"});
  check_out({.subdir = "", .keep_git_dir = true});
  EXPECT_EQ(hash_tree(out_), grown);
}

TEST_F(ContextGitCheckout, OfASubdirectoryThereIsNoGitDirectory) {
  origin_.commit_file("sub/file", "content");
  check_out({.subdir = "sub", .keep_git_dir = true});
  EXPECT_FALSE(fs::exists(out(".git")));
}

TEST_F(ContextGitSubmodules, KeepTheirGitDirectoriesInTheirParents) {
  origin_.add_submodule("vendor/middle", "../middle", middle_commit_, "the-middle");
  origin_.commit("submodule");
  check_out({.subdir = "", .keep_git_dir = true});
  EXPECT_EQ(read("vendor/middle/.git"), "gitdir: ../../.git/modules/the-middle\n");
  EXPECT_EQ(git_out({"-C", "vendor/middle", "rev-parse", "HEAD"}), middle_commit_);
  EXPECT_EQ(git_out({"-C", "vendor/middle/lib/inner", "rev-parse", "HEAD"}), inner_commit_);
  EXPECT_EQ(git_out({"status", "--porcelain"}), "");
  EXPECT_THAT(git_out({"submodule", "status", "--recursive"}), HasSubstr(inner_commit_));
  EXPECT_EQ(git_out({"config", "submodule.the-middle.url"}), root_.path() + "/middle");
}

}  // namespace
}  // namespace cooper::context
