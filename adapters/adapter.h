// One CI system: how its job is recognised and read, and what it wants back. Pure functions of the
// environment and of files that it names; whatever an adapter decides is expressed in flags (option.h), the
// record (record.h), or files to write.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/option.h"
#include "adapters/record.h"
#include "adapters/variables.h"

namespace cooper::adapters {

// What an adapter may look at.
struct Job {
  Variables variables;
  // The content of a file, nullopt when it cannot be read.
  std::function<std::optional<std::string>(const std::string& path)> read_file;
};

struct LogTraits {
  bool colour = false;
  bool sections = false;     // GitLab's collapsible sections
  std::uint64_t budget = 0;  // bytes of log that the platform keeps, 0 for no limit
};

// What one image became.
struct ImageResult {
  std::string name;                              // in the project file, "" for the only one
  std::vector<std::string> references;           // pushed names with their tags
  std::string digest;                            // of the manifest or index, "sha256:…"
  std::map<std::string, std::string> platforms;  // of an index: platform → digest
  int steps_run = 0;
  int steps_cached = 0;
  double seconds = 0;
  std::uint64_t size = 0;  // bytes of the layers, compressed
};

// A step of a build, also of one that failed.
struct StepResult {
  std::string image;   // as in ImageResult::name
  std::string name;    // "[builder 2/5] RUN make"
  std::string status;  // "ran", "cached", "failed", "cancelled", "not needed"
  std::string cache;   // where it was found
  std::string error;
  std::string output;  // the end of what it printed
  double seconds = 0;  // how long it ran
};

struct Results {
  std::vector<ImageResult> images;  // those that were finished
  std::vector<StepResult> steps;    // of all images, in the order of their plans
  bool succeeded = false;
  std::string failure;      // one line, "" when it succeeded
  std::string result_json;  // the text of the result file
};

// A file that hands results back.
struct OutputFile {
  std::string path;  // absolute, or relative to the workspace
  std::string content;
  bool append = false;
  std::string what;     // for people: "variables for later jobs (dotenv)"
  std::string setting;  // where the platform is told of it: "artifacts:reports:dotenv", "$BASH_ENV"
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual std::string_view name() const = 0;  // "gitlab", as --ci names it
  virtual bool detects(const Variables& variables) const = 0;
  // Never throws for what is missing: that stays empty. Throws Error{kUsage} naming the variable, and the
  // platform's setting, for a value that cannot be right (a commit that is none).
  virtual Record read(const Job& job) const = 0;
  virtual LogTraits log_traits() const = 0;
  // What to look at in the platform when a registry refuses the job's credentials: one sentence, without a
  // full stop.
  virtual std::string_view credentials_setting() const = 0;
  // Where the platform keeps caches when there is no registry to keep them in: --cache-from, --cache-to.
  virtual std::vector<Option> own_cache(const Job& job, const Record& record) const = 0;
  virtual std::vector<OutputFile> outputs(const Job& job, const Record& record,
                                          const Results& results) const = 0;
};

// All adapters, in the order in which they are asked.
const std::vector<std::unique_ptr<Adapter>>& all_adapters();
// By name, or "auto": the first that detects its CI. Null when "auto" finds none; throws Error{kUsage} for an
// unknown name.
const Adapter* choose_adapter(const std::string& name, const Variables& variables);

}  // namespace cooper::adapters
