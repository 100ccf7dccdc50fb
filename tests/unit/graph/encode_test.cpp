// Every field of every op is changed in turn; the encoding must change with those that matter and with no
// other.
#include <functional>
#include <gtest/gtest.h>
#include <set>

#include "graph/definition.h"

namespace cooper::graph {
namespace {

template <typename T>
using Changes = std::vector<std::function<void(T&)>>;

// Each change of `start` alone must give an encoding that differs from that of `start` and of all other
// changes.
template <typename T, typename Wrap>
void expect_all_matter(const T& start, const Changes<T>& changes, const Wrap& wrap) {
  std::set<std::string> seen = {encode_op(wrap(start))};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    T changed = start;
    changes[i](changed);
    EXPECT_TRUE(seen.insert(encode_op(wrap(changed))).second) << "change " << i << " does not show";
  }
}

template <typename T>
void expect_all_matter(const T& start, const Changes<T>& changes) {
  expect_all_matter(start, changes, [](const T& op) { return Op(op); });
}

template <typename T>
void expect_none_matters(const T& start, const Changes<T>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    T changed = start;
    changes[i](changed);
    EXPECT_EQ(encode_op(changed), encode_op(start)) << "change " << i << " shows";
  }
}

Op in_file(const FileAction& action) {
  return File{{action}};
}

template <typename T>
Op as_mount(const T& what) {
  Exec exec;
  exec.mounts = {{"/mnt", what}};
  return exec;
}

TEST(GraphEncode, KindsOfOpsDiffer) {
  const std::vector<Op> ops = {ImageSource{}, LocalSource{}, HttpSource{}, GitSource{},
                               File{},        Exec{},        Merge{}};
  std::set<std::string> seen;
  for (const Op& op : ops) seen.insert(encode_op(op));
  EXPECT_EQ(seen.size(), std::variant_size_v<Op>);
}

TEST(GraphEncode, ImageIsItsManifest) {
  expect_all_matter<ImageSource>({}, {[](auto& op) { op.manifest_digest = base::sha256("x"); }});
  expect_none_matters<ImageSource>({}, {[](auto& op) { op.reference = "registry.example.org/other:tag"; },
                                        [](auto& op) { op.platform.architecture = "arm64"; }});
}

TEST(GraphEncode, LocalIsItsName) {
  expect_all_matter<LocalSource>({}, {[](auto& op) { op.name = "other"; }});
}

TEST(GraphEncode, HttpCountsAllButCredentials) {
  const HttpSource start{"https://host/file", "file", std::nullopt};
  expect_all_matter<HttpSource>(
      start,
      {[](auto& op) { op.url = "https://host/other"; }, [](auto& op) { op.filename = "other"; },
       [](auto& op) { op.checksum = base::sha256("x"); }, [](auto& op) { op.checksum = base::Digest(); }});
  expect_none_matters<HttpSource>(start, {[](auto& op) { op.url = "https://user:secret@host/file"; }});
}

TEST(GraphEncode, GitCountsAllButCredentials) {
  const GitSource start{"https://host/repo", "", "", "", false, true};
  expect_all_matter<GitSource>(
      start, {[](auto& op) { op.url = "https://host/other"; }, [](auto& op) { op.ref = "main"; },
              [](auto& op) { op.subdir = "main"; }, [](auto& op) { op.checksum = "main"; },
              [](auto& op) { op.keep_git_dir = true; }, [](auto& op) { op.submodules = false; }});
  expect_none_matters<GitSource>(start, {[](auto& op) { op.url = "https://token@host/repo"; }});
}

TEST(GraphEncode, CopyCountsAll) {
  expect_all_matter<CopyAction>(
      {},
      {[](auto& a) { a.input = 1; }, [](auto& a) { a.input = -1; }, [](auto& a) { a.sources = {"/a"}; },
       [](auto& a) {
         a.sources = {"/a", "/b"};
       },
       [](auto& a) {
         a.sources = {"/b", "/a"};
       },
       [](auto& a) { a.destination = "/a"; }, [](auto& a) { a.owner = Owner{}; },
       [](auto& a) {
         a.owner = Owner{"a", ""};
       },
       [](auto& a) {
         a.owner = Owner{"", "a"};
       },
       [](auto& a) { a.mode = "755"; }, [](auto& a) { a.excludes = {"/a"}; },
       [](auto& a) { a.keep_parents = true; }, [](auto& a) { a.unpack_archives = true; },
       [](auto& a) { a.follow_symlinks = false; }, [](auto& a) { a.allow_empty_wildcard = false; },
       [](auto& a) { a.literal = true; }},
      in_file);
}

TEST(GraphEncode, MkdirAndMkfileCountAll) {
  expect_all_matter<MkdirAction>(
      {},
      {[](auto& a) { a.path = "/a"; }, [](auto& a) { a.mode = 0700; }, [](auto& a) { a.owner = Owner{}; }},
      in_file);
  expect_all_matter<MkfileAction>(
      {},
      {[](auto& a) { a.path = "/a"; }, [](auto& a) { a.content = "/a"; }, [](auto& a) { a.mode = 0700; },
       [](auto& a) {
         a.owner = Owner{"1", "1"};
       }},
      in_file);
}

TEST(GraphEncode, OrderOfActionsMatters) {
  const MkdirAction a{"/a", 0755, {}};
  const MkdirAction b{"/b", 0755, {}};
  EXPECT_NE(encode_op(File{{a, b}}), encode_op(File{{b, a}}));
  EXPECT_NE(encode_op(File{{a}}), encode_op(File{{a, a}}));
}

TEST(GraphEncode, ExecCountsWhatTheStepMeans) {
  expect_all_matter<Exec>(
      {}, {[](auto& op) {
             op.argv = {"a", "b"};
           },
           [](auto& op) { op.argv = {"ab"}; }, [](auto& op) { op.argv = {"a b"}; },
           [](auto& op) { op.env = {"A=1"}; }, [](auto& op) { op.env = {"A=2"}; },
           [](auto& op) { op.cwd = "/a"; }, [](auto& op) { op.user = "a"; },
           [](auto& op) {
             op.mounts = {{"/a", TmpfsMount{}}};
           },
           [](auto& op) {
             op.mounts = {{"/b", TmpfsMount{}}};
           },
           [](auto& op) {
             op.scripts = {{"/a", "b"}};
           },
           [](auto& op) {
             op.scripts = {{"/a", "c"}};
           },
           [](auto& op) {
             op.scripts = {{"/b", "b"}};
           },
           [](auto& op) { op.network = Exec::Network::kNone; },
           [](auto& op) { op.network = Exec::Network::kHost; }, [](auto& op) { op.insecure = true; }});
}

TEST(GraphEncode, ExecLeavesOutWhatIsOutsideTheDigest) {
  expect_none_matters<Exec>(
      {}, {[](auto& op) { op.proxy_env = {"http_proxy=http://p"}; },
           [](auto& op) { op.extra_hosts = {"a:127.0.0.1"}; }, [](auto& op) { op.hostname = "builder"; },
           [](auto& op) { op.shm_size = 1 << 20; }, [](auto& op) { op.ulimits = {"nofile=1024"}; }});
}

TEST(GraphEncode, OrderOfVariablesDoesNotMatterButTheLastValueDoes) {
  Exec one;
  one.env = {"B=2", "A=1"};
  Exec two;
  two.env = {"A=1", "B=2"};
  EXPECT_EQ(encode_op(one), encode_op(two));
  one.env = {"A=1", "A=2"};
  two.env = {"A=2", "A=1"};
  EXPECT_NE(encode_op(one), encode_op(two));
}

TEST(GraphEncode, BindMountCountsAll) {
  expect_all_matter<BindMount>(
      {},
      {[](auto& m) { m.input = 1; }, [](auto& m) { m.source = "/a"; }, [](auto& m) { m.writable = true; }},
      as_mount<BindMount>);
}

TEST(GraphEncode, CacheMountCountsAll) {
  expect_all_matter<CacheMount>(
      {},
      {[](auto& m) { m.id = "a"; }, [](auto& m) { m.sharing = CacheMount::Sharing::kPrivate; },
       [](auto& m) { m.sharing = CacheMount::Sharing::kLocked; }, [](auto& m) { m.input = 1; },
       [](auto& m) { m.source = "a"; }, [](auto& m) { m.mode = 0700; }, [](auto& m) { m.uid = 7; },
       [](auto& m) { m.gid = 7; }, [](auto& m) { m.read_only = true; }},
      as_mount<CacheMount>);
}

TEST(GraphEncode, TmpfsMountCountsItsSize) {
  expect_all_matter<TmpfsMount>({}, {[](auto& m) { m.size = 1; }}, as_mount<TmpfsMount>);
}

TEST(GraphEncode, SecretMountCountsAll) {
  expect_all_matter<SecretMount>(
      {},
      {[](auto& m) { m.id = "a"; }, [](auto& m) { m.env = "a"; }, [](auto& m) { m.as_file = false; },
       [](auto& m) { m.required = true; }, [](auto& m) { m.mode = 0700; }, [](auto& m) { m.uid = 7; },
       [](auto& m) { m.gid = 7; }},
      as_mount<SecretMount>);
}

TEST(GraphEncode, SshMountCountsAll) {
  expect_all_matter<SshMount>(
      {},
      {[](auto& m) { m.id = "a"; }, [](auto& m) { m.required = true; }, [](auto& m) { m.mode = 0700; },
       [](auto& m) { m.uid = 7; }, [](auto& m) { m.gid = 7; }},
      as_mount<SshMount>);
}

TEST(GraphEncode, KindsOfMountsDiffer) {
  const std::set<std::string> seen = {encode_op(as_mount(BindMount{})), encode_op(as_mount(CacheMount{})),
                                      encode_op(as_mount(TmpfsMount{})), encode_op(as_mount(SecretMount{})),
                                      encode_op(as_mount(SshMount{}))};
  EXPECT_EQ(seen.size(), 5U);
}

}  // namespace
}  // namespace cooper::graph
