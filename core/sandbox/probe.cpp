// probe(): finds out what this machine allows by doing it, in forked children that leave nothing behind.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/file.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "sandbox/probe_check.h"
#include "sandbox/probe_emulated.h"
#include "sandbox/probe_mounts.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

namespace {

constexpr std::string_view kProbePrefix = "probe-";

// Best first.
constexpr std::array kLadder = {Tier::kPrivileged, Tier::kUserNamespace, Tier::kSingleIdUserNamespace,
                                Tier::kEmulatedRoot, Tier::kEmulated};

// Removes what killed probes left. Each holds the directory's lock with others, so that whoever has it alone
// knows that the rest are dead. Nothing where there can be no lock: the checks then say what is wrong with
// the place.
os::Fd join_probes(const std::string& work_directory) {
  try {
    os::make_directories(work_directory);
    os::Fd lock = os::open_file(work_directory, O_RDONLY | O_DIRECTORY);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
      for (const auto& item : std::filesystem::directory_iterator(work_directory)) {
        if (item.path().filename().string().starts_with(kProbePrefix)) os::remove_tree(item.path().string());
      }
    }
    ::flock(lock.get(), LOCK_SH);
    return lock;
  } catch (const base::Error&) {
    return {};
  } catch (const std::filesystem::filesystem_error&) {
    return {};
  }
}

ProbeStep check_work_directory(const std::string& work_directory) {
  ProbeStep step{
      .what = "work directory", .ok = false, .detail = "", .remedy = "point --store at a writable directory"};
  try {
    const os::TempDir directory(work_directory, kProbePrefix);
    os::write_file_atomically(directory.path() + "/file", "x");
    struct statvfs status {};
    base::check(::statvfs(work_directory.c_str(), &status), "examine", work_directory);
    step.ok = (status.f_flag & ST_NOEXEC) == 0;
    step.detail = step.ok ? work_directory : work_directory + " is mounted noexec";
    if (step.ok) step.remedy.clear();
  } catch (const base::Error& error) {
    step.detail = error.summary();
  }
  return step;
}

class Prober {
 public:
  explicit Prober(const std::string& work_directory)
      : work_directory_(work_directory),
        lock_(join_probes(work_directory)),
        place_(check_work_directory(work_directory)) {}

  const ProbeStep& place() const { return place_; }

  TierReport check(Tier tier) {
    TierReport report{.tier = tier, .steps = {}, .works = false};
    if (!place_.ok) {
      report.steps = {place_};
      return report;
    }
    report.steps = steps_of(tier);
    report.works = all_ok(report.steps);
    return report;
  }

 private:
  std::vector<ProbeStep> steps_of(Tier tier) {
    switch (tier) {
      case Tier::kPrivileged:
        return with_directory(privileged_checks);
      case Tier::kUserNamespace: {
        auto steps = one_id();
        if (all_ok(steps)) append(steps, run_checks(range_checks()));
        return steps;
      }
      case Tier::kSingleIdUserNamespace: {
        auto steps = with_directory(namespace_checks);
        if (all_ok(steps)) append(steps, with_directory(emulated_checks));
        return steps;
      }
      case Tier::kEmulatedRoot:
        return with_directory(emulated_root_checks);
      case Tier::kEmulated:
        return with_directory(emulated_checks);
      case Tier::kNone:
        return {};
    }
    return {};
  }

  // The same for both tiers of user namespaces, and so done once.
  const std::vector<ProbeStep>& one_id() {
    if (!one_id_) one_id_ = with_directory(user_namespace_checks);
    return *one_id_;
  }

  std::vector<ProbeStep> with_directory(std::vector<Check> (*checks)(const std::string&)) const {
    const os::TempDir directory(work_directory_, kProbePrefix);
    return run_checks(checks(std::filesystem::absolute(directory.path()).string()));
  }

  static void append(std::vector<ProbeStep>& steps, const std::vector<ProbeStep>& more) {
    steps.insert(steps.end(), more.begin(), more.end());
  }

  std::string work_directory_;
  os::Fd lock_;
  ProbeStep place_;
  std::optional<std::vector<ProbeStep>> one_id_;
};

const ProbeStep* first_failure(const std::vector<ProbeStep>& steps) {
  const auto failed =
      std::find_if(steps.begin(), steps.end(), [](const ProbeStep& step) { return !step.ok; });
  return failed == steps.end() ? nullptr : &*failed;
}

std::string tier_names() {
  std::string names = "auto";
  for (const Tier tier : {Tier::kPrivileged, Tier::kUserNamespace, Tier::kSingleIdUserNamespace,
                          Tier::kEmulatedRoot, Tier::kEmulated}) {
    names += ", ";
    names += tier_name(tier);
  }
  return names + " or " + std::string(tier_name(Tier::kNone));
}

Tier tier_of(const std::string& name) {
  for (const Tier tier : kLadder) {
    if (name == tier_name(tier)) return tier;
  }
  throw base::Error(base::ErrorKind::kUsage, "unknown isolation '" + name + "'").hint("use " + tier_names());
}

// Of the tier that asks for the least.
std::string reason_for_none(const std::vector<TierReport>& reports) {
  for (const auto& report : reports) {
    const ProbeStep* failed = first_failure(report.steps);
    if (report.tier == Tier::kEmulated && failed != nullptr)
      return std::string(tier_summary(Tier::kNone)) + ": " + failed->what + ": " + failed->detail;
  }
  return std::string(tier_summary(Tier::kNone));
}

}  // namespace

ProbeResult probe(const std::string& work_directory) {
  Prober prober(work_directory);
  ProbeResult result{.tier = Tier::kNone, .reason = {}, .steps = {prober.place()}};
  std::vector<TierReport> reports;
  for (const Tier tier : kLadder) {
    reports.push_back(prober.check(tier));
    const TierReport& report = reports.back();
    if (prober.place().ok) result.steps.insert(result.steps.end(), report.steps.begin(), report.steps.end());
    if (!report.works) continue;
    result.tier = tier;
    result.reason = tier_summary(tier);
    return result;
  }
  result.reason = reason_for_none(reports);
  return result;
}

ProbeResult probe_named(const std::string& name, const std::string& work_directory) {
  if (name == "auto") return probe(work_directory);
  if (name == tier_name(Tier::kNone)) {
    return {.tier = Tier::kNone, .reason = "RUN was switched off", .steps = {}};
  }
  const Tier tier = tier_of(name);
  const TierReport report = Prober(work_directory).check(tier);
  if (report.works) {
    return {.tier = tier, .reason = std::string(tier_summary(tier)), .steps = report.steps};
  }
  const ProbeStep* failed = first_failure(report.steps);
  throw base::Error(base::ErrorKind::kUnsupported,
                    "isolation '" + name + "' does not work here: " + failed->what + ": " + failed->detail)
      .hint(failed->remedy);
}

std::vector<TierReport> examine(const std::string& work_directory) {
  Prober prober(work_directory);
  std::vector<TierReport> reports;
  for (const Tier tier : kLadder) reports.push_back(prober.check(tier));
  return reports;
}

}  // namespace cooper::sandbox
