// FarmCovers: the places of a farm where mounts go.
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "snapshot/farm.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {
namespace {

// Gives a directory its times back when its content was changed for a cover's sake.
class KeepTimes {
 public:
  KeepTimes(int directory, const std::string& shown) : directory_(directory) {
    struct stat status {};
    base::check(::fstat(directory, &status), "examine", shown);
    times_ = {status.st_atim, status.st_mtim};
  }
  ~KeepTimes() { ::futimens(directory_, times_.data()); }
  KeepTimes(const KeepTimes&) = delete;
  KeepTimes& operator=(const KeepTimes&) = delete;

 private:
  int directory_;
  std::array<timespec, 2> times_{};
};

os::Fd open_directory(const os::Root& root, std::string_view path) {
  return root.open_exact(path.empty() ? "." : std::string(path), O_RDONLY | O_DIRECTORY);
}

enum class Times { kKeep, kChange };

// mkdir -p beneath `root`, where no component is a symlink; what was missing, outermost first.
std::vector<std::string> make_missing(const os::Root& root, std::string_view path, Times parents) {
  if (path.empty()) return {};
  std::vector<std::string> made = make_missing(root, parent_path(path), parents);
  const os::Fd parent = open_directory(root, parent_path(path));
  std::optional<KeepTimes> times;
  if (parents == Times::kKeep) times.emplace(parent.get(), std::string(path));
  const std::string name(base_name(path));
  if (::mkdirat(parent.get(), name.c_str(), 0755) == 0) {
    base::check(::fchmodat(parent.get(), name.c_str(), 0755, 0), "set the mode of", std::string(path));
    made.emplace_back(path);
  } else if (errno != EEXIST) {
    base::throw_errno("create directory", std::string(path));
  }
  return made;
}

}  // namespace

FarmCovers::FarmCovers(const std::string& farm, const std::string& aside) : farm_(farm), aside_(aside) {}

FarmCovers::~FarmCovers() {
  uncover();
}

void FarmCovers::cover(const std::string& place) {
  if (place.empty()) {
    throw base::Error(base::ErrorKind::kUnsupported, "a mount at '/' hides the whole tree of the step")
        .hint("mount it at a directory below");
  }
  if (is_system_place(place)) return;
  for (const Cover& other : covers_) {
    if (place == other.place || is_below(place, other.place)) return;
  }
  Cover cover{place, "", make_missing(farm_, parent_path(place), Times::kKeep)};
  const os::Fd parent = open_directory(farm_, parent_path(place));
  const KeepTimes times(parent.get(), place);
  const std::string name(base_name(place));
  std::string aside = fmt::format("{}", covers_.size());
  if (::renameat(parent.get(), name.c_str(), aside_.fd(), aside.c_str()) == 0) {
    cover.aside = std::move(aside);
  } else if (errno != ENOENT) {
    base::throw_errno("put aside for a mount", place);
  }
  covers_.push_back(std::move(cover));
  base::check(::symlinkat(name.c_str(), parent.get(), name.c_str()), "create the place of a mount at", place);
}

bool FarmCovers::uncover() {
  bool all = true;
  while (!covers_.empty()) {
    try {
      uncover(covers_.back());
    } catch (const base::Error&) {
      all = false;
    }
    covers_.pop_back();
  }
  return all;
}

void FarmCovers::uncover(const Cover& cover) const {
  const os::Fd parent = open_directory(farm_, parent_path(cover.place));
  const std::string name(base_name(cover.place));
  {
    const KeepTimes times(parent.get(), cover.place);
    base::check(::unlinkat(parent.get(), name.c_str(), 0), "remove the place of a mount at", cover.place);
    if (!cover.aside.empty()) {
      base::check(::renameat(aside_.fd(), cover.aside.c_str(), parent.get(), name.c_str()), "put back",
                  cover.place);
    }
  }
  for (auto made = cover.made.rbegin(); made != cover.made.rend(); ++made) {
    const os::Fd above = open_directory(farm_, parent_path(*made));
    const KeepTimes times(above.get(), *made);
    const std::string directory(base_name(*made));
    // The step put something there, so it stays.
    if (::unlinkat(above.get(), directory.c_str(), AT_REMOVEDIR) < 0) break;
  }
}

std::vector<std::string> make_farm_directory(const std::string& farm, const std::string& path) {
  return make_missing(os::Root(farm), path, Times::kChange);
}

}  // namespace cooper::snapshot
