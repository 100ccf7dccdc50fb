#include "build/mount_state.h"

#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/entry.h"

namespace cooper::build {
namespace {

constexpr std::size_t kLargestState = std::size_t{4} << 30;  // bytes

std::string state_path(const std::string& directory) {
  return fmt::format("{}/saved", snapshot::parent_path(directory));
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos)
    throw base::Error(base::ErrorKind::kCorrupt, "the state of a cache mount is cut");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::optional<MountState> read_mount_state(const std::string& directory) {
  const std::string path = state_path(directory);
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  try {
    const std::string text = os::read_file(path, kLargestState);
    std::string_view rest = text;
    MountState state;
    const std::string_view time = take_line(rest);
    std::from_chars(time.data(), time.data() + time.size(), state.time);
    state.save = cache::MountSave::parse(take_line(rest));
    state.index = snapshot::LayerIndex::parse(rest);
    return state;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void write_mount_state(const std::string& directory, const MountState& state) {
  // serialize() ends its line itself.
  os::write_file_atomically(state_path(directory), fmt::format("{}\n{}{}", state.time, state.save.serialize(),
                                                               state.index.serialize()));
}

void remove_mount_state(const std::string& directory) {
  ::unlink(state_path(directory).c_str());
}

}  // namespace cooper::build
