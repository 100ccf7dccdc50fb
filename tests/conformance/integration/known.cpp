#include "known.h"

#include <map>
#include <set>

namespace cooper::conformance {
namespace {

constexpr const char* kFaulty = "the data's README names it as faulty";
constexpr const char* kComputed = "its Dockerfiles or options are computed by the test's program";

// A name without '#' stands for all rows of the test and for its case.
const std::map<std::string, std::string> kLeftOut = {
    {"testWorkdirSourceDateEpochReproducible", kFaulty},
    {"testAddGitSHA1", kComputed},
    {"testAddGitSHA256", kComputed},
    {"testGitProvenanceAttestationSHA1", kComputed},
    {"testMaintainBaseOSVersion", kComputed},
    {"testRunHostNetwork", kComputed},
    {"testRunGlobalNetwork", kComputed},
    {"testNamedOCILayoutContextExport", kComputed},
    {"testOCILayoutProvenance", kComputed},
    {"testFrontendInputs", "it gives the frontend a graph of its own"},
    {"testTarContextExternalDockerfile", "its context is an upload of the session"},
};

const std::set<std::pair<std::string, std::string>> kOfItsRun = {
    {"testCacheImportExport", "/unique"},
    {"testNoCache", "/unique"},
    {"testNoCache", "/unique2"},
    {"testCopyWildcardCache", "/unique"},
    {"testMountRWCache", "/unique"},
    {"testCgroupParent", "/cgroup"},
    {"testDuplicateLayersProvenance", "/a.txt"},
    {"testDuplicateLayersProvenance", "/b.txt"},
    // The recorded environment has the four variables of the recorder's tracing.
    {"testEmptyStringArgInEnv", "/env.txt"},
};

}  // namespace

std::optional<std::string> left_out(const std::string& name) {
  for (const std::string& key : {name, name.substr(0, name.find('#'))}) {
    if (auto found = kLeftOut.find(key); found != kLeftOut.end()) return found->second;
  }
  return std::nullopt;
}

bool has_content_of_its_run(const std::string& scenario, const std::string& path) {
  return kOfItsRun.contains({scenario, path});
}

}  // namespace cooper::conformance
