#include "workshop.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

#include "base/text.h"

namespace cooper::conformance {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBusybox = "/bin/busybox";
constexpr std::array<const char*, 2> kBases = {"busybox", "alpine"};

// The accounts that busybox and alpine images have.
constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
    "bin:x:2:2:bin:/bin:/bin/false\n"
    "sys:x:3:3:sys:/dev:/bin/false\n"
    "sync:x:4:100:sync:/bin:/bin/sync\n"
    "mail:x:8:8:mail:/var/spool/mail:/bin/false\n"
    "www-data:x:33:33:www-data:/var/www:/bin/false\n"
    "operator:x:37:37:Operator:/var:/bin/false\n"
    "nobody:x:65534:65534:nobody:/home:/bin/false\n";
constexpr std::string_view kGroup =
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nmail:x:8:\nkmem:x:9:"
    "\n"
    "wheel:x:10:root\nwww-data:x:33:\noperator:x:37:\nstaff:x:50:\nusers:x:100:\nnobody:x:65534:\n";

// Debian's busybox has no adduser and addgroup. Understands -D, -S, -H, -G GROUP, -u UID; NAME last.
constexpr std::string_view kAddUser = R"(#!/bin/sh
group= uid=
while [ $# -gt 1 ]; do
  case $1 in -G) group=$2; shift ;; -u) uid=$2; shift ;; -h|-s|-g) shift ;; esac
  shift
done
[ -n "$uid" ] || uid=$(awk -F: '$3 >= 1000 && $3 < 60000 && $3 >= n { n = $3 + 1 } END { print n ? n : 1000 }' /etc/passwd)
[ -n "$group" ] || { group=$1; grep -q "^$1:" /etc/group || echo "$1:x:$uid:" >>/etc/group; }
gid=$(awk -F: -v name="$group" '$1 == name { print $3 }' /etc/group)
echo "$1:x:$uid:$gid:Linux User,,,:/home/$1:/bin/sh" >>/etc/passwd
mkdir -p "/home/$1" && chown "$uid:$gid" "/home/$1"
)";
constexpr std::string_view kAddGroup = R"(#!/bin/sh
gid=
while [ $# -gt 1 ]; do
  case $1 in -g) gid=$2; shift ;; -*) ;; *) break ;; esac
  shift
done
if [ $# -eq 2 ]; then
  sed -i "s/^\($2:[^:]*:[^:]*:.\+\)$/\1,$1/; s/^\($2:[^:]*:[^:]*:\)$/\1$1/" /etc/group
  exit
fi
[ -n "$gid" ] || gid=$(awk -F: '$3 >= 1000 && $3 < 60000 && $3 >= n { n = $3 + 1 } END { print n ? n : 1000 }' /etc/group)
echo "$1:x:$gid:" >>/etc/group
)";

void write_root(const std::string& root, const std::string& base) {
  for (const char* folder : {"bin", "dev", "etc", "home", "root", "tmp", "usr/bin", "usr/sbin", "var/www"}) {
    fs::create_directories(root + "/" + folder);
  }
  fs::permissions(root + "/tmp", fs::perms::all | fs::perms::sticky_bit);
  fs::permissions(root + "/root", fs::perms::owner_all);
  fs::copy_file(kBusybox, root + "/bin/busybox");
  write_file(root + "/etc/passwd", std::string(kPasswd), 0644);
  write_file(root + "/etc/group", std::string(kGroup), 0644);
  write_file(root + "/etc/hostname", base + "\n", 0644);
  write_file(root + "/bin/adduser", std::string(kAddUser), 0755);
  write_file(root + "/bin/addgroup", std::string(kAddGroup), 0755);
  if (base == "alpine") write_file(root + "/etc/alpine-release", "3.20.3\n", 0644);
}

void require_success(const os::ProcessResult& result, const std::string& what) {
  if (result.exit_code != 0) throw std::runtime_error(what + ": " + result.errors);
}

}  // namespace

std::string Workshop::unavailable() {
  if (std::string reason = testing::DockerRegistry::unavailable(); !reason.empty()) return reason;
  if (::access(kBusybox, X_OK) != 0) return "busybox is not installed (apt-get install busybox-static)";
  return ::geteuid() == 0 ? "" : "rows were recorded as root, with files of many owners";
}

Workshop::Workshop() {
  fs::create_directories(directory() + "/home");
  for (const char* base : kBases) make_base(base);
}

void Workshop::make_base(const std::string& name) {
  std::string context = directory() + "/" + name;
  std::string root = context + "/rootfs";
  fs::create_directories(root);
  write_root(root, name);
  require_success(
      shell("for applet in $(./bin/busybox --list); do [ -e bin/$applet ] || ln -s busybox bin/$applet; done",
            root),
      "links of busybox");
  require_success(shell("tar --numeric-owner --owner=0 --group=0 -cf rootfs.tar -C rootfs .", context),
                  "tar");
  write_file(context + "/Dockerfile",
             "FROM scratch\nADD rootfs.tar /\n"
             "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCMD [\"sh\"]\n",
             0644);
  require_success(run({"build", "--store", directory() + "/store", "--platform", "linux/amd64,linux/arm64",
                       "-t", registry() + "/library/" + name + ":latest", "--push", context}),
                  "base image " + name);
}

std::vector<std::pair<std::string, std::string>> Workshop::bases() const {
  std::vector<std::pair<std::string, std::string>> bases;
  for (const std::string name : kBases)
    bases.emplace_back(name, "docker-image://" + registry() + "/library/" + name);
  return bases;
}

std::vector<std::string> Workshop::environment() const {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "HOME=" + directory() + "/home"};
}

os::ProcessResult Workshop::run(const std::vector<std::string>& arguments) const {
  const char* given = std::getenv("COOPER_BINARY");
  os::ProcessOptions options;
  options.argv = {given != nullptr ? given : COOPER_BINARY_DEFAULT};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.env = environment();
  options.timeout = std::chrono::minutes(2);
  options.output_limit = 16 << 20;
  return os::run_process(options, {});
}

os::ProcessResult Workshop::shell(const std::string& line, const std::string& directory) const {
  os::ProcessOptions options;
  options.argv = {"/bin/sh", "-c", line};
  options.env = environment();
  options.cwd = directory;
  return os::run_process(options, {});
}

}  // namespace cooper::conformance
