#include "sandbox/step_view.h"

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::sandbox {

namespace {

constexpr int kMaximumSymlinks = 40;

void push_front(std::deque<std::string>& names, const std::string& path) {
  const auto pieces = base::split(path, '/');
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    if (!piece->empty() && *piece != ".") names.push_front(*piece);
  }
}

// "" for what is no symlink.
std::string link_text(const os::Fd& file, const std::string& path) {
  struct stat status {};
  base::check(::fstat(file.get(), &status), "examine", path);
  if (!S_ISLNK(status.st_mode)) return "";
  std::array<char, PATH_MAX> text{};
  const ssize_t length =
      base::check(::readlinkat(file.get(), "", text.data(), text.size()), "read the link", path);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

os::Fd StepView::open_place(const std::string& path) const {
  if (const auto match = binds_.find(path)) return binds_.open(*match->entry, match->rest);
  return root_.open_nofollow(path, O_PATH);
}

os::Fd StepView::open(const std::string& path) const {
  std::deque<std::string> rest;
  push_front(rest, path);
  std::string place = "/";
  int expanded = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.front());
    rest.pop_front();
    if (name == "..") {
      place = parent_of(place);
      continue;
    }
    const std::string next = (place == "/" ? "" : place) + "/" + name;
    const auto match = binds_.find(next);
    // The mark that the root has at a bind's target is not what the step sees there.
    const std::string text = match && match->rest.empty() ? "" : link_text(open_place(next), next);
    if (text.empty()) {
      place = next;
      continue;
    }
    if (++expanded > kMaximumSymlinks) throw base::os_error(ELOOP, "open", path);
    if (text.front() == '/') place = "/";
    push_front(rest, text);
  }
  return open_place(place);
}

// The builder has made what is missing in the root; this is for what lies in a cache or in memory.
os::Fd StepView::make_directory(const std::string& path) const {
  try {
    return open(path);
  } catch (const base::Error& error) {
    if (error.errno_value() != ENOENT || path == "/") throw;
  }
  const std::string place = normal_path(path);
  const os::Fd parent = make_directory(parent_of(place));
  const std::string name = place.substr(place.rfind('/') + 1);
  // EEXIST: steps that share a cache may make it at once.
  if (::mkdirat(parent.get(), name.c_str(), 0755) < 0 && errno != EEXIST)
    base::throw_errno("create the directory", place);
  return open(place);
}

}  // namespace cooper::sandbox
