#include "support/nginx.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace cooper::testing {

namespace {

constexpr const char* kNginx = "/usr/sbin/nginx";
constexpr const char* kOpenssl = "/usr/bin/openssl";
constexpr int kInherited = 3;  // the descriptor that nginx finds its socket at

pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int inherited,
            const std::string& log) {
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  if (inherited >= 0) posix_spawn_file_actions_adddup2(&actions, inherited, kInherited);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr, pointers(arguments).data(),
                                   pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + arguments[0]);
  return pid;
}

int listen_on_loopback(int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, generic, &size) != 0)
    throw std::runtime_error("cannot listen on loopback");
  port = ntohs(address.sin_port);
  return listener;
}

}  // namespace

std::string Nginx::unavailable() {
  if (::access(kNginx, X_OK) != 0) return "nginx is not installed (apt-get install nginx-light)";
  return ::access(kOpenssl, X_OK) == 0 ? "" : "openssl's command is not installed";
}

Nginx::Nginx() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cooper-nginx-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder for nginx");
  folder_ = pattern;
  listener_ = listen_on_loopback(port_);
  make_certificate();
  write_files();
  start();
}

void Nginx::make_certificate() const {
  const pid_t pid =
      spawn({kOpenssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", folder_ + "/key.pem", "-out", certificate(), "-days", "2", "-subj", "/CN=cooper test",
             "-addext", "subjectAltName=DNS:localhost"},
            {}, -1, folder_ + "/openssl.log");
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || status != 0) throw std::runtime_error("openssl failed");
}

void Nginx::write_files() const {
  std::ofstream(folder_ + "/small") << "small";
  std::ofstream(folder_ + "/large") << std::string(kLargeSize, 'x');
  std::ofstream(folder_ + "/nginx.conf")
      << "daemon off;\nworker_processes 1;\nuser root;\npid " << folder_ << "/pid;\nerror_log stderr;\n"
      << "events {}\nhttp {\n  access_log off;\n"
      << "  client_body_temp_path " << folder_ << "/t1;\n  proxy_temp_path " << folder_ << "/t2;\n"
      << "  fastcgi_temp_path " << folder_ << "/t3;\n  uwsgi_temp_path " << folder_ << "/t4;\n"
      << "  scgi_temp_path " << folder_ << "/t5;\n"
      << "  server {\n    listen 127.0.0.1:" << port_ << " ssl http2;\n"
      << "    ssl_certificate cert.pem;\n    ssl_certificate_key key.pem;\n    root " << folder_ << ";\n"
      << "    add_header X-Protocol $server_protocol always;\n"
      << "    add_header X-Connection $connection always;\n  }\n}\n";
}

// A worker serves: a master alone does not accept from a socket that it inherited. Clients may connect at
// once: the socket queues them until nginx is ready.
void Nginx::start() {
  pid_ = spawn({kNginx, "-p", folder_, "-e", "stderr", "-c", folder_ + "/nginx.conf"},
               {"NGINX=" + std::to_string(kInherited) + ";"}, listener_, folder_ + "/log");
}

Nginx::~Nginx() {
  ::kill(pid_, SIGTERM);  // its worker ends with it
  ::waitpid(pid_, nullptr, 0);
  ::close(listener_);
  std::error_code ignored;  // a test's leftovers are no failure
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace cooper::testing
