#include "adapters/write_outputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::adapters {
namespace {

// Makes the directories of `path` below `workspace`; a link among them was put there to write elsewhere.
void make_parents(const std::string& workspace, const std::string& path) {
  std::string directory = workspace;
  std::vector<std::string> parts = base::split(path, '/');
  parts.pop_back();
  for (const std::string& part : parts) {
    directory += "/" + part;
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
      base::throw_errno("make the directory", directory);
    struct stat status {};
    base::check(::lstat(directory.c_str(), &status), "look at", directory);
    if (!S_ISDIR(status.st_mode)) throw base::os_error(ENOTDIR, "use", directory);
  }
}

bool ends_line(const os::Fd& file, const std::string& path) {
  struct stat status {};
  base::check(::fstat(file.get(), &status), "look at", path);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return true;
  char last = '\n';
  base::check(::pread(file.get(), &last, 1, status.st_size - 1), "read", path);
  return last == '\n';
}

void append(const std::string& path, const std::string& content) {
  const os::Fd file = os::open_file(path, O_RDWR | O_APPEND | O_CREAT);
  const std::string text = (ends_line(file, path) ? "" : "\n") + content;
  os::FdSink(file.get(), path).write(std::as_bytes(std::span(text)));
}

void write(const OutputFile& file, const std::string& workspace) {
  const bool is_absolute = file.path.starts_with('/');
  if (!is_absolute) make_parents(workspace, file.path);
  const std::string path = is_absolute ? file.path : workspace + "/" + file.path;
  if (file.append) return append(path, file.content);
  os::write_file_atomically(path, file.content);
}

}  // namespace

void write_outputs(const std::vector<OutputFile>& files, const std::string& workspace) {
  for (const OutputFile& file : files) {
    try {
      write(file, workspace);
    } catch (const base::Error& cause) {
      base::Error error(base::ErrorKind::kIo, fmt::format("cannot hand back {} in '{}': {}", file.what,
                                                          file.path, cause.summary()));
      error.hint(file.setting.empty()
                     ? fmt::format("make '{}' writable for the job's user", workspace)
                     : fmt::format("check {}, and that the job's user may write there", file.setting));
      throw error;
    }
  }
}

}  // namespace cooper::adapters
