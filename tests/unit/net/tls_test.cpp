#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "net/http.h"

namespace cooper::net {

namespace {

constexpr const char* kOpenssl = "/usr/bin/openssl";

// openssl with `arguments`, its output to a pipe.
struct Child {
  explicit Child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kOpenssl);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    if (::posix_spawn(&pid, kOpenssl, &actions, nullptr, pointers.data(), environ) != 0) pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output = ends[0];
  }
  ~Child() {
    ::kill(pid, SIGKILL);
    if (!waited) ::waitpid(pid, nullptr, 0);
    ::close(output);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool succeeds() {
    int status = 0;
    std::array<char, 4096> ignored;
    while (::read(output, ignored.data(), ignored.size()) > 0) {
    }
    waited = ::waitpid(pid, &status, 0) == pid;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  pid_t pid = -1;
  int output = -1;
  bool waited = false;
};

// An https server whose certificate is for "localhost" only.
class NetTls : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kOpenssl, X_OK) != 0) GTEST_SKIP() << "openssl's command is not installed";
    std::string pattern = (std::filesystem::temp_directory_path() / "cooper-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    Child request({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                   "-keyout", folder_ + "/key.pem", "-out", certificate(), "-days", "2", "-subj",
                   "/CN=cooper test", "-addext", "subjectAltName=DNS:localhost"});
    ASSERT_TRUE(request.succeeds());
    server_ = std::make_unique<Child>(std::vector<std::string>{
        "s_server", "-accept", "127.0.0.1:0", "-cert", certificate(), "-key", folder_ + "/key.pem", "-www"});
    std::string text;
    constexpr std::string_view kMark = "ACCEPT 127.0.0.1:";
    std::array<char, 512> buffer;
    while (text.find(kMark) == std::string::npos || text.back() != '\n') {
      ssize_t length = ::read(server_->output, buffer.data(), buffer.size());
      ASSERT_GT(length, 0) << text;
      text.append(buffer.data(), static_cast<std::size_t>(length));
    }
    port_ = text.substr(text.find(kMark) + kMark.size());
    port_.resize(port_.find('\n'));
  }

  void TearDown() override {
    server_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string certificate() const { return folder_ + "/cert.pem"; }

  // The status, or the error that was thrown.
  int status_of(const std::string& host, const TlsOptions& tls, const std::string& client_ca = "") {
    ClientOptions options;
    options.ca_file = client_ca;
    Request request;
    request.url = "https://" + host + ":" + port_ + "/";
    request.tls = tls;
    return HttpClient::create(options)->send(request, {}).status;
  }

 private:
  std::string folder_;
  std::string port_;
  std::unique_ptr<Child> server_;
};

}  // namespace

TEST_F(NetTls, RefusesAnUnknownAuthority) {
  try {
    status_of("localhost", {});
    FAIL() << "it was trusted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
    EXPECT_FALSE(error.is_retryable()) << error.message();
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(NetTls, TrustsTheAuthoritiesItWasGiven) {
  TlsOptions tls;
  tls.ca_files = {certificate()};
  EXPECT_EQ(status_of("localhost", tls), 200);
  EXPECT_EQ(status_of("localhost", {}, certificate()), 200);
}

TEST_F(NetTls, ChecksTheName) {
  EXPECT_THROW(status_of("127.0.0.1", {}, certificate()), base::Error);
}

TEST_F(NetTls, CanBeToldNotToVerify) {
  TlsOptions tls;
  tls.verify = false;
  EXPECT_EQ(status_of("127.0.0.1", tls), 200);
}

TEST_F(NetTls, NamesAnUnreadableAuthority) {
  try {
    status_of("localhost", {}, "/no/such/ca.pem");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(error.message().find("/no/such/ca.pem"), std::string::npos);
  }
}

}  // namespace cooper::net
