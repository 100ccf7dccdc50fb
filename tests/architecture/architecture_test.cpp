// The rules of docs/architecture.md, checked against the sources: who may include whom, what core/ must not
// do, and what every file looks like. A rule is changed here and there by argument, not by drift.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

#include "architecture/source_tree.h"

namespace cooper::test {
namespace {

namespace fs = std::filesystem;

const std::string kRoot = COOPER_SOURCE_DIR;

// Downwards only.
const std::vector<std::set<std::string>> kLayers = {
    {"base"},
    {"os", "oci", "net", "archive"},
    {"graph", "store", "snapshot", "registry", "cloud", "sandbox"},
    {"context", "dockerfile", "solver", "access", "transfer"},
    {"cache", "ops", "image", "exporter"},
    {"build"},
    {"report", "cli"},
};

struct Edge {
  std::string from;
  std::string to;
  std::string reason;
};

// Inside one layer no module includes another, except these.
const std::vector<Edge> kSameLayerEdges = {
    {"archive", "oci", "a layer's compression is named by its media type; oci holds values only"},
    {"snapshot", "store", "layers are kept in the store, which knows nothing of what a layer is"},
    {"registry", "store", "blobs stream from and to the store without a copy in memory"},
    {"ops", "cache", "a step's result is recorded where it is made, with its key's ingredients"},
    {"exporter", "image", "an exporter writes the image that image/ assembled"},
    {"cli", "report", "the command line chooses the renderer"},
};

// These open no file and no socket: the layer above supplies what they need.
const std::set<std::string> kPureModules = {"dockerfile", "solver", "graph", "oci"};

struct Exception {
  std::string path;
  std::string word;
  std::string reason;
};

const std::vector<Exception> kAllowedCalls = {
    {"core/sandbox/emulated_program.cpp", "_exit(", "the step's process"},
    {"core/sandbox/init_process.cpp", "_exit(", "a step's init, a process of its own"},
    {"core/sandbox/probe_check.cpp", "_exit(", "a probe in a child of its own"},
    {"core/sandbox/probe_emulated.cpp", "_exit(", "a probe in a child of its own"},
    {"core/sandbox/probe_mounts.cpp", "_exit(", "a probe in a child of its own"},
    {"core/sandbox/supervisor.cpp", "_exit(", "a step's init, a process of its own"},
    {"core/sandbox/program.cpp", "_exit(", "the child between fork and exec"},
    {"core/sandbox/launcher_process.cpp", "_exit(", "the launcher, a process of its own"},
    {"core/os/user_namespace.cpp", "_exit(", "the child that holds a namespace open"},
    {"core/os/spawn.cpp", "environ", "a child that is given no environment inherits ours, unread"},
};

const std::vector<SourceFile>& core_files() {
  static const std::vector<SourceFile> files = read_sources(kRoot, "core");
  return files;
}

const std::vector<SourceFile>& adapter_files() {
  static const std::vector<SourceFile> files = read_sources(kRoot, "adapters");
  return files;
}

// "gitlab" for a file of adapters/gitlab/; "" for what all adapters share.
std::string platform_of(const SourceFile& file) {
  const std::string below = file.path.substr(std::string("adapters/").size());
  const std::size_t slash = below.find('/');
  return slash == std::string::npos ? "" : below.substr(0, slash);
}

std::vector<SourceFile> all_files() {
  std::vector<SourceFile> files = core_files();
  for (const char* folder : {"adapters", "tests"}) {
    for (SourceFile& file : read_sources(kRoot, folder)) files.push_back(std::move(file));
  }
  return files;
}

int layer_of(const std::string& module) {
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    if (kLayers[i].contains(module)) return static_cast<int>(i);
  }
  return -1;
}

bool is_listed(const std::string& from, const std::string& to) {
  for (const Edge& edge : kSameLayerEdges) {
    if (edge.from == from && edge.to == to) return true;
  }
  return false;
}

// "graph" for "\"graph/op.h\"", "" for system headers.
std::string included_module(const std::string& include) {
  const std::size_t slash = include.find('/');
  if (!include.starts_with('"') || slash == std::string::npos) return "";
  return include.substr(1, slash - 1);
}

// Module → the other modules it includes, as the sources have it.
std::map<std::string, std::set<std::string>> actual_edges() {
  std::map<std::string, std::set<std::string>> edges;
  for (const SourceFile& file : core_files()) {
    std::set<std::string>& own = edges[file.module];
    for (const std::string& include : file.includes) {
      const std::string module = included_module(include);
      if (!module.empty() && module != file.module) own.insert(module);
    }
  }
  return edges;
}

TEST(Architecture, EveryModuleHasALayer) {
  for (const auto& [module, edges] : actual_edges()) EXPECT_GE(layer_of(module), 0) << "core/" << module;
}

TEST(Architecture, FilesLieInModules) {
  for (const SourceFile& file : core_files()) EXPECT_NE(file.module, "") << file.path;
}

TEST(Architecture, IncludesNameModuleAndFile) {
  for (const SourceFile& file : core_files()) {
    for (const std::string& include : file.includes) {
      if (!include.starts_with('"')) continue;
      const std::string path = include.substr(1, include.size() - 2);
      EXPECT_TRUE(fs::exists(kRoot + "/core/" + path)) << file.path << " includes " << include;
    }
  }
}

TEST(Architecture, IncludesPointDownwards) {
  for (const SourceFile& file : core_files()) {
    for (const std::string& include : file.includes) {
      const std::string module = included_module(include);
      if (module.empty() || module == file.module) continue;
      const int own = layer_of(file.module);
      const int other = layer_of(module);
      const bool downwards = other >= 0 && other < own;
      EXPECT_TRUE(downwards || (other == own && is_listed(file.module, module)))
          << file.path << " includes " << include << ", which is not below it";
    }
  }
}

TEST(Architecture, ListedEdgesStayInsideALayerAndHaveAReason) {
  for (const Edge& edge : kSameLayerEdges) {
    EXPECT_GE(layer_of(edge.from), 0) << edge.from;
    EXPECT_EQ(layer_of(edge.from), layer_of(edge.to)) << edge.from << " → " << edge.to;
    EXPECT_NE(edge.reason, "") << edge.from << " → " << edge.to;
  }
}

TEST(Architecture, ModulesHaveNoCycles) {
  EXPECT_EQ(find_cycle(actual_edges()), "");
}

TEST(Architecture, LinksMatchIncludes) {
  std::ifstream file(kRoot + "/core/CMakeLists.txt");
  const auto links = read_module_links(std::string(std::istreambuf_iterator<char>(file), {}));
  for (const auto& [module, includes] : actual_edges()) {
    ASSERT_TRUE(links.contains(module)) << "core/" << module << " is not in core/CMakeLists.txt";
    for (const std::string& include : includes) {
      EXPECT_TRUE(links.at(module).contains(include))
          << module << " includes " << include << " but does not link it";
    }
    for (const std::string& link : links.at(module)) {
      EXPECT_TRUE(includes.contains(link)) << module << " links " << link << " but does not include it";
    }
  }
}

TEST(Architecture, PureModulesDoNoInputOrOutput) {
  for (const SourceFile& file : core_files()) {
    if (!kPureModules.contains(file.module)) continue;
    for (const char* header :
         {"<fstream>", "<filesystem>", "<fcntl.h>", "<unistd.h>", "<sys/socket.h>", "<cstdio>"}) {
      EXPECT_THAT(file.includes, ::testing::Not(::testing::Contains(header))) << file.path;
    }
  }
}

bool is_allowed(const std::string& path, const std::string& word) {
  for (const Exception& exception : kAllowedCalls) {
    if (exception.path == path && exception.word == word) return true;
  }
  return false;
}

// The words that break "core/ never prints, never exits, never reads the environment".
const std::vector<std::string> kForbiddenWords = {
    "getenv",    "secure_getenv", "setenv",   "putenv",   "environ", "std::cout",  "std::cerr",
    "std::clog", "printf(",       "fprintf(", "vprintf(", "puts(",   "fputs(",     "putchar(",
    "perror(",   "fmt::print",    "exit(",    "_exit(",   "_Exit(",  "std::abort", "quick_exit("};

TEST(Architecture, CoreNeitherPrintsNorExitsNorReadsTheEnvironment) {
  for (const SourceFile& file : core_files()) {
    if (file.module == "cli" || file.module == "report") continue;
    for (const std::string& word : kForbiddenWords) {
      if (is_allowed(file.path, word)) continue;
      for (const int line : find_word(file.code, word)) {
        ADD_FAILURE() << file.path << ":" << line << ": '" << word
                      << "' belongs to cli, report or an adapter";
      }
    }
  }
}

TEST(Architecture, ExceptionsAreInUse) {
  for (const Exception& exception : kAllowedCalls) {
    bool used = false;
    for (const SourceFile& file : core_files()) {
      used = used || (file.path == exception.path && !find_word(file.code, exception.word).empty());
    }
    EXPECT_TRUE(used) << exception.path << " needs no exception for '" << exception.word << "' any more";
    EXPECT_NE(exception.reason, "");
  }
}

TEST(Architecture, CoreKnowsNoAdapter) {
  for (const SourceFile& file : core_files()) {
    for (const std::string& include : file.includes)
      EXPECT_FALSE(include.starts_with("\"adapters/")) << file.path << " includes " << include;
  }
}

TEST(Architecture, AdaptersAreShortAndTestedAndKnowNoOther) {
  std::set<std::string> platforms;
  for (const SourceFile& file : adapter_files()) {
    const std::string platform = platform_of(file);
    if (platform.empty()) continue;
    platforms.insert(platform);
    EXPECT_LT(file.line_count(), 300U) << file.path << " is more than a translation";
    for (const std::string& include : file.includes) {
      if (!include.starts_with("\"adapters/") || std::count(include.begin(), include.end(), '/') < 2)
        continue;
      EXPECT_TRUE(include.starts_with("\"adapters/" + platform + "/"))
          << file.path << " includes " << include;
    }
  }
  EXPECT_FALSE(platforms.empty());
  for (const std::string& platform : platforms) {
    EXPECT_TRUE(fs::exists(kRoot + "/tests/adapters/" + platform)) << platform << " has no tests";
    EXPECT_TRUE(fs::exists(kRoot + "/tests/adapters/" + platform + "/golden")) << platform;
  }
}

// A job is given to them as a value, and what they make of it is a value.
TEST(Architecture, AdaptersArePureFunctionsOfTheJob) {
  for (const SourceFile& file : adapter_files()) {
    if (platform_of(file).empty()) continue;
    for (const std::string& word : kForbiddenWords)
      EXPECT_THAT(find_word(file.code, word), ::testing::IsEmpty()) << file.path << ": '" << word << "'";
    for (const char* header :
         {"<fstream>", "<filesystem>", "<fcntl.h>", "<unistd.h>", "<cstdio>", "\"os/fd.h\""})
      EXPECT_THAT(file.includes, ::testing::Not(::testing::Contains(header))) << file.path;
  }
}

TEST(Architecture, EveryModuleWithSourcesHasTests) {
  std::set<std::string> with_sources;
  for (const SourceFile& file : core_files()) {
    if (!file.is_header()) with_sources.insert(file.module);
  }
  for (const std::string& module : with_sources) {
    int tests = 0;
    std::error_code none;
    for (const auto& item : fs::directory_iterator(kRoot + "/tests/unit/" + module, none)) {
      if (item.path().string().ends_with("_test.cpp")) ++tests;
    }
    EXPECT_GT(tests, 0) << "tests/unit/" << module << " is empty";
  }
}

TEST(Architecture, FilesAreShort) {
  constexpr std::size_t kLongest = 500;
  for (const SourceFile& file : all_files()) {
    EXPECT_LE(file.line_count(), kLongest) << file.path << " is asking to be two things";
  }
}

TEST(Architecture, HeadersSayWhatTheyAre) {
  for (const SourceFile& file : all_files()) {
    if (!file.is_header()) continue;
    EXPECT_TRUE(file.text.starts_with("// ")) << file.path << " does not open with a comment";
    // The first code of the file.
    const std::size_t first = file.code.find_first_not_of(" \n");
    EXPECT_EQ(file.code.compare(std::min(first, file.code.size()), 12, "#pragma once"), 0) << file.path;
  }
}

// They are heavy, and every header that includes one makes the whole build slower.
TEST(Architecture, HeadersLeaveFmtAndJsonToSources) {
  for (const SourceFile& file : all_files()) {
    if (!file.is_header() || file.path.starts_with("tests/")) continue;
    for (const std::string& include : file.includes) {
      EXPECT_FALSE(include.starts_with("<fmt/") || include == "<nlohmann/json.hpp>")
          << file.path << ": " << include;
    }
  }
}

// CLI11 is the heaviest of all: cli/arguments.h says what commands may ask of it.
TEST(Architecture, OnlyOneSourceIncludesCli11) {
  for (const SourceFile& file : core_files()) {
    const bool includes =
        std::find(file.includes.begin(), file.includes.end(), "<CLI/CLI.hpp>") != file.includes.end();
    EXPECT_EQ(includes, file.path == "core/cli/arguments.cpp") << file.path;
  }
}

TEST(Architecture, NamespacesAreFolders) {
  for (const SourceFile& file : core_files()) {
    EXPECT_NE(file.code.find("namespace cooper::" + file.module), std::string::npos) << file.path;
    EXPECT_THAT(find_word(file.code, "using namespace"), ::testing::IsEmpty()) << file.path;
  }
}

}  // namespace
}  // namespace cooper::test
