#include "files.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace cooper::conformance {
namespace {

namespace fs = std::filesystem;

// A socket's address is short, so it is bound in its own directory.
void make_socket(const std::string& path) {
  int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fs::path place = fs::temp_directory_path() / ("cooper-socket-" + std::to_string(::getpid()));
  std::strncpy(address.sun_path, place.c_str(), sizeof address.sun_path - 1);
  int bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::close(socket);
  if (bound != 0) throw std::runtime_error("cannot make a socket at " + place.string());
  fs::rename(place, path);
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::string& content, unsigned mode) {
  std::ofstream(path, std::ios::binary) << content;
  ::chmod(path.c_str(), mode);
}

ScratchDirectory::ScratchDirectory(const std::string& name) {
  path_ = (fs::temp_directory_path() / ("cooper-" + name + "-XXXXXX")).string();
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a directory " + path_);
}

ScratchDirectory::~ScratchDirectory() {
  if (std::getenv("COOPER_CONFORMANCE_KEEP") != nullptr) return;
  std::error_code ignored;  // what is left over is no failure of a row
  fs::remove_all(path_, ignored);
}

void make_entry(const std::string& directory, const nlohmann::json& entry, const std::string& content) {
  std::string path = directory + "/" + entry["path"].get<std::string>();
  std::string type = entry["type"];
  fs::create_directories(fs::path(path).parent_path());
  unsigned mode = entry.value("mode", type == "dir" ? 0755U : 0644U);
  if (type == "dir") {
    fs::create_directories(path);
    ::chmod(path.c_str(), mode);
  } else if (type == "symlink") {
    fs::create_symlink(entry["target"].get<std::string>(), path);
  } else if (type == "hardlink") {
    fs::create_hard_link(directory + "/" + entry["target"].get<std::string>(), path);
  } else if (type == "socket") {
    make_socket(path);
    ::chmod(path.c_str(), mode);
  } else if (type == "file") {
    write_file(path, content, mode);
  } else {
    throw std::runtime_error("unknown type of entry '" + type + "'");
  }
}

}  // namespace cooper::conformance
