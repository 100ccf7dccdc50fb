#include "context/git_conversation.h"

#include <cerrno>
#include <chrono>
#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::context {
namespace {

constexpr std::chrono::seconds kConnectTimeout{30};
// git-upload-pack says something every few seconds, even while it only counts.
constexpr std::chrono::seconds kStallTimeout{60};

// As the shell on the other side reads it.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// "/~me/x.git" means a home directory, as git has it.
std::string remote_path(const GitUrl& url) {
  return url.path.starts_with("/~") ? url.path.substr(1) : url.path;
}

// The last line that says something.
std::string last_line(const std::string& text) {
  const std::string_view trimmed = base::trim(text);
  const std::size_t line = trimmed.rfind('\n');
  std::string last(trimmed.substr(line == std::string_view::npos ? 0 : line + 1));
  for (char& c : last) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return last;
}

std::string host_without_brackets(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::vector<std::string> ssh_command(const GitUrl& url, const GitAccess& access) {
  std::vector<std::string> argv = {access.ssh_program, "-F", "none", "-a", "-x", "-T"};
  std::string hosts = "UserKnownHostsFile=";
  for (const std::string& file : access.known_hosts) hosts += "\"" + file + "\" ";
  for (const std::string& option :
       {std::string("BatchMode=yes"), std::string("StrictHostKeyChecking=yes"),
        std::string("IdentityFile=none"), fmt::format("ConnectTimeout={}", kConnectTimeout.count()),
        std::string("ServerAliveInterval=15"), hosts + "~/.ssh/known_hosts"}) {
    argv.insert(argv.end(), {"-o", option});
  }
  argv.insert(argv.end(), {"-p", std::to_string(url.port)});
  if (!url.user.empty()) argv.insert(argv.end(), {"-l", url.user});
  argv.insert(argv.end(), {"--", host_without_brackets(url.host)});
  argv.push_back("git-upload-pack " + shell_quoted(remote_path(url)));
  return argv;
}

GitConversation::GitConversation(GitUrl url, const GitAccess& access, std::stop_token stop)
    : url_(std::move(url)), access_(access), stop_(std::move(stop)) {}

void GitConversation::begin_advertisement() {
  if (url_.scheme == GitUrl::Scheme::kSsh) {
    start_ssh();
  } else {
    connect();
  }
}

void GitConversation::start_ssh() {
  const std::string agent = access_.ssh_agent ? access_.ssh_agent() : std::string();
  if (agent.empty()) {
    throw base::Error(base::ErrorKind::kAuth, fmt::format("git repository '{}': no ssh agent", url_.str()))
        .hint("load a key that may read it into an agent, and give --ssh default");
  }
  try {
    conversation_.emplace(
        os::Conversation::with_program(ssh_command(url_, access_), {"SSH_AUTH_SOCK=" + agent, "LC_ALL=C"}));
  } catch (base::Error& error) {
    if (error.errno_value() == ENOENT) error.hint("install an ssh client, or use an https URL");
    throw error.context(fmt::format("git repository '{}'", url_.str()));
  }
}

void GitConversation::connect() {
  try {
    conversation_.emplace(
        os::Conversation::with_host(host_without_brackets(url_.host), url_.port, kConnectTimeout, stop_));
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    throw base::Error(base::ErrorKind::kContext,
                      fmt::format("git repository '{}': {}", url_.str(), error.summary()));
  }
  conversation_->set_stall_timeout(kStallTimeout);
  std::string request = "git-upload-pack " + remote_path(url_);
  request += '\0';
  request += "host=" + url_.authority();
  request += '\0';
  const std::string line = fmt::format("{:04x}{}", request.size() + 4, request);
  conversation_->write(std::as_bytes(std::span(line)), stop_);
}

std::size_t GitConversation::read(base::MutableByteSpan buffer) {
  const std::size_t count = conversation_->read(buffer, stop_);
  // The protocol ends a conversation with what we write, never with an end of what we read.
  if (count == 0) explain_end();
  return count;
}

void GitConversation::write(base::ByteSpan data) {
  try {
    conversation_->write(data, stop_);
  } catch (const base::Error& error) {
    if (error.errno_value() == EPIPE) explain_end();
    throw;
  }
}

void GitConversation::explain_end() const {
  const std::string name = fmt::format("git repository '{}'", url_.str());
  const std::string& errors = conversation_->errors();
  if (errors.find("Host key verification failed") != std::string::npos) {
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("{}: the host key of '{}' is not known", name, url_.host))
        .hint(fmt::format("compare its fingerprint, then: ssh-keyscan -p {} {} >> ~/.ssh/known_hosts",
                          url_.port, host_without_brackets(url_.host)));
  }
  if (errors.find("Permission denied") != std::string::npos) {
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("{}: the server refuses the keys of the agent", name))
        .hint("load a key that may read it (ssh-add), and check the user name in the URL");
  }
  const std::string reason = last_line(errors);
  throw base::Error(
      base::ErrorKind::kContext,
      fmt::format("{}: {}", name, reason.empty() ? "the server ended the conversation" : reason));
}

}  // namespace cooper::context
