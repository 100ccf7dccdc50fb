#include "tests/e2e/equivalence/trial.h"

#include <fmt/format.h>
#include <map>

#include "os/beneath.h"

namespace cooper::equivalence {
namespace {

// The store is not TempDir's to remove: see remove_store().
class Place {
 public:
  explicit Place(const std::string& parent) : path_(os::TempDir(parent, "case-").release()) {}
  ~Place() { remove_store(path_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr std::uint64_t kLooksAtFirst = 4;

class Trial {
 public:
  Trial(const Surroundings& surroundings, const Case& life, const std::string& parent)
      : life_(life), place_(parent), machine_(surroundings, life, place_.path()) {}

  Verdict run() {
    for (std::size_t i = 0; i < life_.states.size() && !verdict_.difference; ++i) look_at(i);
    return verdict_;
  }

 private:
  void look_at(std::size_t number) {
    const State& state = life_.states[number];
    machine_.work_tree().write(state);
    const std::vector<Built> warm = machine_.build_warm(state);
    const Built& clean = clean_build(number, warm.front());
    ++verdict_.states;
    if (!clean.ok) ++verdict_.impossible;
    for (const Built& built : warm) {
      if (number > 0 && built.ok) {
        verdict_.steps_run += built.steps_run;
        verdict_.steps_cached += built.steps_cached;
      }
      if (built.ok == clean.ok && built.digest == clean.digest) continue;
      verdict_.difference = Difference{number, explain(state, built, clean)};
      return;
    }
  }

  // Of equal states once: a clean build depends on nothing else. The very first build finds nothing in its
  // caches, so it is one; that two of them agree is still looked at now and then.
  const Built& clean_build(std::size_t number, const Built& warm) {
    const State& state = life_.states[number];
    const auto [known, is_new] = clean_.try_emplace(describe(state));
    if (!is_new) return known->second;
    const bool is_clean = number == 0 && !life_.builds_twice_at_once && life_.seed % kLooksAtFirst != 0;
    known->second = is_clean ? warm : machine_.build_clean(state);
    return known->second;
  }

  // Looks once more, because a Dockerfile whose clean builds differ says nothing about caches.
  std::string explain(const State& state, const Built& warm, const Built& clean) {
    const Built again = machine_.build_clean(state);
    std::string out;
    if (again.digest != clean.digest) out += "two clean builds differ as well\n";
    out += fmt::format("warm {}, clean {}\n", warm.ok ? warm.digest : "failed",
                       clean.ok ? clean.digest : "failed");
    return out + "--- the warm build\n" + warm.log + "--- the clean build\n" + clean.log;
  }

  const Case& life_;
  Place place_;
  Machine machine_;
  std::map<std::string, Built> clean_;
  Verdict verdict_;
};

}  // namespace

Verdict try_case(const Surroundings& surroundings, const Case& life, const std::string& parent) {
  return Trial(surroundings, life, parent).run();
}

}  // namespace cooper::equivalence
