#include "access/credential_helper.h"

#include <cerrno>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "os/process.h"

namespace cooper::access {

namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr std::size_t kLongestWords = 200;

// The first line, printable. What looks like JSON may be a secret that came with a bad exit code.
std::string words_of(const os::ProcessResult& result) {
  if (result.timed_out) return fmt::format("no answer within {} seconds", kTimeout.count());
  std::string_view text = base::trim(result.output);
  if (text.empty() || text.front() == '{') text = base::trim(result.errors);
  text = text.substr(0, std::min(text.find_first_of("\r\n"), kLongestWords));
  std::string words;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    words += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return words.empty() ? fmt::format("exit code {}", result.exit_code) : words;
}

os::ProcessResult run(const std::string& name, const char* action, const std::string& input,
                      const std::stop_token& stop) {
  if (name.empty() || name.find_first_of(std::string_view("/\n\0", 3)) != std::string::npos) {
    throw base::Error(base::ErrorKind::kUsage, fmt::format("'{}' is no name of a credential helper", name))
        .hint("give what follows 'docker-credential-' in the program's name");
  }
  os::ProcessOptions options;
  options.argv = {helper_program(name), action};
  options.input = input;
  options.timeout = kTimeout;
  return os::run_process(options, stop);
}

[[noreturn]] void fail(const std::string& name, const char* action, const os::ProcessResult& result) {
  throw base::Error(base::ErrorKind::kAuth,
                    fmt::format("'{} {}' failed: {}", helper_program(name), action, words_of(result)));
}

bool knows_nothing(const os::ProcessResult& result) {
  return (result.output + result.errors).find("credentials not found") != std::string::npos;
}

}  // namespace

std::string helper_program(const std::string& name) {
  return "docker-credential-" + name;
}

bool is_helper_missing(const base::Error& error) {
  return error.errno_value() == ENOENT || error.errno_value() == EACCES;
}

std::optional<std::string> ask_helper(const std::string& name, const std::string& server,
                                      const std::stop_token& stop) {
  os::ProcessResult result = run(name, "get", server, stop);
  if (result.exit_code == 0 && !result.timed_out) return result.output;
  if (!result.timed_out && knows_nothing(result)) return std::nullopt;
  fail(name, "get", result);
}

void store_in_helper(const std::string& name, const std::string& server, const std::string& username,
                     const std::string& secret, const std::stop_token& stop) {
  const nlohmann::json login = {{"ServerURL", server}, {"Username", username}, {"Secret", secret}};
  std::string text;
  try {
    text = login.dump();
  } catch (const nlohmann::json::exception&) {
    throw base::Error(
        base::ErrorKind::kUsage,
        fmt::format("{} takes UTF-8 only, which this name or password is not", helper_program(name)));
  }
  os::ProcessResult result = run(name, "store", text, stop);
  if (result.exit_code != 0 || result.timed_out) fail(name, "store", result);
}

void erase_from_helper(const std::string& name, const std::string& server, const std::stop_token& stop) {
  os::ProcessResult result = run(name, "erase", server, stop);
  if (result.exit_code == 0 && !result.timed_out) return;
  if (result.timed_out || !knows_nothing(result)) fail(name, "erase", result);
}

}  // namespace cooper::access
