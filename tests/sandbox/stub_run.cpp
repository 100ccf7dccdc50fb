// Runs a program in a directory as a step on the tiers without mounts would: through the stub.
//
// usage: stub_run [OPTION...] ROOT PROGRAM [ARG...]
//
// ROOT belongs to whoever runs this. Placeholders for /proc, /sys and the nodes of /dev are made in it. The
// program's environment is this one's. The exit code is the program's; 128 + N when a signal ended it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/board.h"
#include "sandbox/stub_image.h"

namespace {

namespace fs = std::filesystem;
namespace stub = cooper::sandbox::stub;
using cooper::base::check;

struct Options {
  std::string owners, save_owners, changes, root, cwd = "/";
  std::vector<std::string> binds, read_only, program;
  unsigned uid = 0, gid = 0, trace = 0, kill_writers = 0;
  bool real = false, no_network = false, walk = false, statistics = false, stale_lock = false;
};

struct Mount {
  std::string source;
  std::string target;
  std::uint32_t flags;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("runs a program through the stub");
  app.add_option("--owners", options.owners,
                 "lines 'UID GID OCTAL-MODE[:MAJOR:MINOR] PATH' of what ROOT is to hold");
  app.add_option("--save-owners", options.save_owners,
                 "where to write the same of what ROOT holds afterwards");
  app.add_option("--changes", options.changes, "where the list of changes goes");
  app.add_option("--uid", options.uid);
  app.add_option("--gid", options.gid);
  app.add_option("--bind", options.binds, "SRC:TARGET")->allow_extra_args(false);
  app.add_option("--bind-read-only", options.read_only, "SRC:TARGET")->allow_extra_args(false);
  app.add_option("--trace", options.trace);
  app.add_flag("--real", options.real, "owners are real: for root");
  app.add_flag("--no-network", options.no_network);
  app.add_flag("--walk", options.walk, "do without openat2()");
  app.add_flag("--stale-lock", options.stale_lock, "the table's lock is held by a process that is dead");
  app.add_option("--kill-writers", options.kill_writers,
                 "kill processes, but not the first, that hold the table's lock until so many died with it, "
                 "then make ROOT/enough");
  app.add_flag("--statistics", options.statistics, "say what was refused, and how full the table is");
  app.add_option("root", options.root)->required();
  app.add_option("program", options.program)->required();
  app.prefix_command(false);
  app.positionals_at_end(true);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

// The target's symlink to itself, instead of whatever is there.
void keep_place(const std::string& root, const std::string& target) {
  const fs::path place = root + target;
  fs::create_directories(place.parent_path());
  std::error_code none;
  fs::remove_all(place, none);
  fs::create_symlink(place.filename(), place);
}

std::vector<Mount> mounts_of(const Options& options) {
  std::vector<Mount> mounts = {
      {"/proc", "/proc", stub::Bind::kDirectory | stub::Bind::kMagicLinks},
      {"/sys", "/sys", stub::Bind::kDirectory | stub::Bind::kReadOnly},
  };
  for (const char* node : {"null", "zero", "full", "random", "urandom", "tty", "ptmx"}) {
    mounts.push_back({"/dev/" + std::string(node), "/dev/" + std::string(node), 0});
  }
  mounts.push_back({"/dev/pts", "/dev/pts", stub::Bind::kDirectory});
  for (const char* file : {"/etc/resolv.conf", "/etc/hosts"}) mounts.push_back({file, file, 0});
  const auto add = [&](const std::vector<std::string>& binds, std::uint32_t flags) {
    for (const std::string& bind : binds) {
      const std::size_t colon = bind.find(':');
      const std::string source = bind.substr(0, colon);
      const std::uint32_t kind = fs::is_directory(source) ? stub::Bind::kDirectory : 0U;
      mounts.push_back({source, bind.substr(colon + 1), kind | flags});
    }
  };
  add(options.binds, 0);
  add(options.read_only, stub::Bind::kReadOnly);
  std::erase_if(mounts, [](const Mount& mount) { return !fs::exists(mount.source); });
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const Mount& a, const Mount& b) { return a.target.size() > b.target.size(); });
  return mounts;
}

void read_owners(const Options& options, cooper::sandbox::Board& board) {
  std::ifstream file(options.owners);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    cooper::sandbox::InodeAttributes attributes;
    cooper::sandbox::InodeAttributes::Owner owner;
    std::string mode;
    std::string path;
    words >> owner.uid >> owner.gid >> mode;
    attributes.owner = owner;
    std::getline(words >> std::ws, path);
    struct stat found {};
    if (lstat((options.root + "/" + path).c_str(), &found) != 0) continue;
    unsigned bits = 0;
    unsigned major_number = 0;
    unsigned minor_number = 0;
    if (std::sscanf(mode.c_str(), "%o:%u:%u", &bits, &major_number, &minor_number) == 3) {
      attributes.device = makedev(major_number, minor_number);
      attributes.mode = bits;
    } else if (!S_ISLNK(found.st_mode)) {
      attributes.mode = (found.st_mode & S_IFMT) | bits;
    }
    if (found.st_nlink > 1 && !S_ISDIR(found.st_mode)) attributes.is_private = true;
    board.set(found.st_dev, found.st_ino, attributes);
  }
}

void save_owners(const Options& options, const cooper::sandbox::Board& board) {
  std::ofstream out(options.save_owners);
  for (const auto& item : fs::recursive_directory_iterator(options.root)) {
    struct stat file {};
    if (lstat(item.path().c_str(), &file) != 0) continue;
    unsigned uid = file.st_uid == board.header().host_uid ? 0 : file.st_uid;
    unsigned gid = file.st_gid == board.header().host_gid ? 0 : file.st_gid;
    unsigned mode = file.st_mode;
    const auto known = board.find(file.st_dev, file.st_ino);
    if (known && known->owner) {
      uid = known->owner->uid;
      gid = known->owner->gid;
    }
    if (known && known->mode) mode = *known->mode;
    out << uid << ' ' << gid << ' ' << std::oct << (known && known->device ? mode : mode & 07777) << std::dec;
    if (known && known->device) out << ':' << major(*known->device) << ':' << minor(*known->device);
    out << ' ' << item.path().lexically_relative(options.root).string() << '\n';
  }
}

pid_t dead_process() {
  const pid_t child = check(fork(), "start", "a process");
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

void fill_header(const Options& options, const std::vector<Mount>& mounts, stub::Board& header) {
  header.uid = options.uid;
  header.gid = options.gid;
  header.trace = options.trace;
  header.no_network = options.no_network ? 1 : 0;
  header.no_openat2 = options.walk ? 1 : 0;
  if (options.stale_lock) header.lock = static_cast<std::uint32_t>(dead_process());
  header.bind_count = static_cast<std::uint32_t>(mounts.size());
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    stub::Bind& bind = header.binds[i];
    std::snprintf(bind.target, sizeof bind.target, "%s", mounts[i].target.c_str());
    bind.fd = stub::kFirstBindFd + static_cast<int>(i);
    bind.flags = mounts[i].flags;
  }
}

void reserve(int fd, int number) {
  check(dup2(fd, number), "reserve a descriptor for", std::to_string(number));
  close(fd);
}

[[noreturn]] void become_step(const Options& options, const cooper::sandbox::Board& board,
                              const std::vector<Mount>& mounts) {
  reserve(check(open(options.root.c_str(), O_PATH | O_DIRECTORY), "open", options.root), stub::kRootFd);
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    reserve(check(open(mounts[i].source.c_str(), O_PATH), "open", mounts[i].source),
            stub::kFirstBindFd + static_cast<int>(i));
  }
  dup2(board.fd(), stub::kBoardFd);
  if (!options.changes.empty()) {
    constexpr int kList = O_WRONLY | O_APPEND | O_CREAT | O_TRUNC;
    reserve(check(open(options.changes.c_str(), kList, 0600), "open", options.changes), stub::kChangesFd);
  }
  const cooper::os::Fd image = cooper::sandbox::open_stub("/tmp");
  dup2(image.get(), stub::kStubFd);
  check(fchdir(stub::kRootFd), "enter", options.root);
  std::vector<char*> arguments;
  for (const char* text : {"cooper-stub", "start"}) arguments.push_back(const_cast<char*>(text));
  arguments.push_back(const_cast<char*>(options.program[0].c_str()));
  for (const std::string& text : options.program) arguments.push_back(const_cast<char*>(text.c_str()));
  arguments.push_back(nullptr);
  execveat(stub::kStubFd, "", arguments.data(), environ, AT_EMPTY_PATH);
  std::perror("stub_run: cannot execute the stub");
  _exit(125);
}

bool is_dead(std::uint32_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || text.compare(name_end, 3, ") Z") == 0;
}

// Most let go of the lock before the signal gets to them; those that do not are what this is about.
void kill_writers(const Options& options, const stub::Board& board, pid_t first) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  unsigned hits = 0;
  while (hits < options.kill_writers && std::chrono::steady_clock::now() < end) {
    const std::uint32_t holder = __atomic_load_n(&board.lock, __ATOMIC_ACQUIRE);
    const bool is_first = holder == static_cast<std::uint32_t>(first);
    if (holder == 0 || is_first || kill(static_cast<pid_t>(holder), SIGKILL) != 0) continue;
    while (!is_dead(holder)) std::this_thread::yield();
    if (__atomic_load_n(&board.lock, __ATOMIC_ACQUIRE) == holder) ++hits;
  }
  std::ofstream(options.root + "/enough") << hits << '\n';
}

int wait_for(pid_t child) {
  int status = 0;
  int code = 125;
  // Those that the program left behind end here too.
  for (pid_t ended = 0; (ended = wait(&status)) > 0;) {
    if (ended != child) continue;
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    break;
  }
  return code;
}

void say_statistics(const stub::Board& board) {
  std::fprintf(stderr, "table: %u of %lu\n", board.used, static_cast<unsigned long>(board.capacity));
  for (std::size_t i = 0; i < stub::kMaxCalls; ++i) {
    if (board.refused[i] != 0) std::fprintf(stderr, "refused: call %zu, %u times\n", i, board.refused[i]);
  }
}

int run(Options options) {
  options.root = fs::canonical(options.root);
  const std::vector<Mount> mounts = mounts_of(options);
  for (const Mount& mount : mounts) keep_place(options.root, mount.target);
  cooper::sandbox::Board board(options.real ? stub::Owners::kReal : stub::Owners::kTable, 1 << 16);
  if (!options.owners.empty()) read_owners(options, board);
  fill_header(options, mounts, board.header());
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = check(fork(), "start", "a process");
  if (child == 0) become_step(options, board, mounts);
  std::thread killer;
  if (options.kill_writers != 0) killer = std::thread([&] { kill_writers(options, board.header(), child); });
  const int code = wait_for(child);
  if (killer.joinable()) killer.join();
  if (!options.save_owners.empty()) save_owners(options, board);
  if (options.statistics) say_statistics(board.header());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stub_run: %s\n", error.what());
    return 125;
  }
}
