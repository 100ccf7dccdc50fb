// The base images: a busybox with a few files. They differ in a file, and in nothing but the config.
#include <filesystem>
#include <fmt/format.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/process.h"
#include "tests/e2e/equivalence/machine.h"

namespace cooper::equivalence {
namespace {

struct Variant {
  const char* content;
  const char* setting;
};

constexpr Variant kVariants[] = {{"plain", "plain"}, {"plain", "changed"}, {"changed", "plain"}};

std::string find_busybox() {
  for (const char* path : {"/bin/busybox", "/usr/bin/busybox"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  throw std::runtime_error("there is no busybox (apt-get install busybox-static)");
}

void write_context(const std::string& root, const Variant& variant) {
  for (const char* directory : {"/bin", "/etc", "/base/dir/deep", "/tmp"})
    os::make_directories(root + directory);
  std::filesystem::copy_file(find_busybox(), root + "/bin/busybox");
  base::check(::symlink("busybox", (root + "/bin/sh").c_str()), "make", "/bin/sh");
  write_file(root + "/etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:\napp:x:1000:1000::/home/app:\n");
  write_file(root + "/etc/group", "root:x:0:\ndaemon:x:1:\nstaff:x:50:app\napp:x:1000:\n");
  write_file(root + "/base/file", variant.content);
  write_file(root + "/base/dir/one", "one");
  write_file(root + "/base/dir/deep/two", variant.content);
  base::check(::chmod((root + "/tmp").c_str(), 01777), "set the mode of", "/tmp");
  write_file(root + ".Dockerfile",
             fmt::format("FROM scratch\nCOPY . /\nENV SETTING={} VERSION=base PATH=/bin\n", variant.setting));
}

}  // namespace

void make_bases(const std::string& cooper, const std::string& directory) {
  for (std::size_t i = 0; i < std::size(kVariants); ++i) {
    const std::string layout = fmt::format("{}/{}", directory, i);
    const std::string context = layout + "-context";
    write_context(context, kVariants[i]);
    os::ProcessOptions options;
    options.argv = {cooper,
                    "build",
                    "--store",
                    directory + "/store",
                    "--source-date-epoch",
                    "1650000000",
                    "-f",
                    context + ".Dockerfile",
                    "-o",
                    fmt::format("type=oci,tar=false,dest={}", layout),
                    context};
    const os::ProcessResult result = os::run_process(options, {});
    if (result.exit_code != 0) throw std::runtime_error("cannot make the base images: " + result.errors);
  }
}

}  // namespace cooper::equivalence
