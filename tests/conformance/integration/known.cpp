#include "known.h"

#include <map>
#include <set>

namespace cooper::conformance {
namespace {

constexpr const char* kFaulty = "the data's README names it as faulty";
constexpr const char* kCaches = "the data does not hold the export of the cache that it imports";
constexpr const char* kAttestations = "it wants an attestation, and cooper writes none";
constexpr const char* kComputed = "its Dockerfiles or options are computed by the test's program";

// A name without '#' stands for the case, and for all rows of the test unless some of them are named.
const std::map<std::string, std::string> kLeftOut = {
    {"testWorkdirSourceDateEpochReproducible", kFaulty},
    {"testCacheImportExport", kCaches},
    {"testCacheImportExport#b2", kCaches},
    {"testProvenanceExportLocalMultiPlatform", kAttestations},
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
  if (auto found = kLeftOut.find(name); found != kLeftOut.end()) return found->second;
  std::string test = name.substr(0, name.find('#'));
  auto found = kLeftOut.find(test);
  if (found == kLeftOut.end()) return std::nullopt;
  auto next = std::next(found);
  bool some_are_named = next != kLeftOut.end() && next->first.starts_with(test + "#");
  return some_are_named ? std::nullopt : std::optional<std::string>(found->second);
}

bool has_content_of_its_run(const std::string& scenario, const std::string& path) {
  return kOfItsRun.contains({scenario, path});
}

}  // namespace cooper::conformance
