// The isolation tiers: what a machine lets us do for RUN. See docs/isolation.md.
#pragma once

#include <string>
#include <vector>

namespace cooper::sandbox {

enum class Tier {
  kPrivileged,             // T2: root with mounts
  kUserNamespace,          // T1: user namespace with a range of ids (newuidmap)
  kSingleIdUserNamespace,  // T1b: user namespace with one id: the stub keeps owners there, and translates
                           // paths
  kEmulatedRoot,  // T3: root without mounts, with Docker's default capabilities: the stub translates paths
  kEmulated,      // T4: no privilege at all: the stub translates paths and keeps owners (stub/abi.h)
  kNone,          // no RUN; everything else works
};

// "privileged", "userns", "userns-single", "emulated-root", "emulated", "none"
std::string_view tier_name(Tier tier);
// Whether steps run in a FarmRoot, with the stub.
bool has_stub(Tier tier);
// Whether they also have no namespaces.
bool is_emulated(Tier tier);

struct ProbeStep {
  std::string what;  // "overlay mount on the work directory"
  bool ok = false;
  std::string detail;  // the errno's text, or what was found
  std::string remedy;  // the knob that would allow it, "" when ok
};

struct ProbeResult {
  Tier tier = Tier::kNone;
  std::string reason;  // one line for the log
  std::vector<ProbeStep> steps;
};

// Finds the best tier by doing, in forked children, with real mounts on `work_directory` (made when missing).
// The caller must be single-threaded. Never throws for a refused ability: that is the result. 20 ms or less.
ProbeResult probe(const std::string& work_directory);

// Checks one tier that the user asked for by name ("auto" probes all); throws Error{kUnsupported} with the
// failed step and its remedy when it does not work here, Error{kUsage} for an unknown name.
ProbeResult probe_named(const std::string& name, const std::string& work_directory);

struct TierReport {
  Tier tier = Tier::kNone;
  std::vector<ProbeStep> steps;  // up to the first that failed
  bool works = false;
};

// Checks every tier that has RUN, best first: the first that works is what probe() finds.
std::vector<TierReport> examine(const std::string& work_directory);

// What the tier is, for a log line: "RUN works without mounts: ...".
std::string_view tier_summary(Tier tier);

// Moves this process into the tier's user namespace (nothing to do without one): afterwards it
// is uid 0 in it, with the user's subordinate ids mapped from 1 on (kUserNamespace) or nothing else
// (kSingleIdUserNamespace). All later file work and all steps happen inside, so that one code path serves
// every tier. The caller must be single-threaded.
void enter(Tier tier);

}  // namespace cooper::sandbox
