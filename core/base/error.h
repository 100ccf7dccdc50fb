// The one exception type of cooper.
//
// Nearly every call does I/O, so failures travel as exceptions; expected outcomes (a cache miss, a 404, a
// RUN's exit code) are return values. An Error reads as the house form: "place: what: cause" in lower case
// without a full stop, then one imperative hint.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::base {

// What went wrong, by who can mend it. Each maps to one documented exit code (docs/exit-codes.md).
enum class ErrorKind {
  kUsage,        // a flag or argument
  kDockerfile,   // the Dockerfile's text
  kContext,      // a file that the build names is missing or unreadable
  kRegistry,     // a registry refused, lied or was unreachable
  kAuth,         // credentials missing or refused
  kIo,           // disk, file system, operating system
  kCorrupt,      // data does not match its digest or its format
  kUnsupported,  // valid, but not possible on this machine
  kRunFailed,    // a RUN step ended with a code other than 0
  kCancelled,    // SIGINT, SIGTERM, or another step failed first
  kInternal,     // a bug in cooper
};

// The documented process exit code of `kind`. A failing RUN passes its own code through instead.
int exit_code(ErrorKind kind);

// A place in a text file; lines and columns (in characters) count from 1, 0 means unknown.
struct SourceRange {
  std::string file;
  int start_line = 0;
  int start_column = 0;
  int end_line = 0;
  std::string excerpt;  // the line itself, for the caret display

  bool operator==(const SourceRange&) const = default;
};

class Error final : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);

  // Each returns *this, so that `throw Error(...).hint(...)` reads as one sentence.
  Error& hint(std::string text);
  Error& at(SourceRange range);
  Error& with_errno(int number);
  Error& retryable(bool value = true);
  Error& exit_status(int code);
  // Adds what was being done, outermost last: "pull docker.io/library/debian:12".
  Error& context(std::string text);

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  const std::optional<SourceRange>& range() const { return range_; }
  const std::vector<std::string>& trail() const { return trail_; }
  int errno_value() const { return errno_; }
  bool is_retryable() const { return retryable_; }
  // What the process should exit with: the RUN's own code where there is one, else exit_code(kind()).
  int exit_status() const;

  // The message with its context trail and cause, one line, without range and hint.
  std::string summary() const;
  // The whole house form, several lines, no trailing newline.
  std::string render() const;
  const char* what() const noexcept override;

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  std::optional<SourceRange> range_;
  std::vector<std::string> trail_;
  int errno_ = 0;
  bool retryable_ = false;
  int exit_status_ = -1;
  mutable std::string what_;
};

// Error{kIo} for a failed system call: "cannot <doing> '<object>': <strerror(number)>".
Error os_error(int number, std::string_view doing, std::string_view object);

// Throws os_error(errno, ...) when `result` is negative; returns it otherwise.
template <typename T>
T check(T result, std::string_view doing, std::string_view object);

[[noreturn]] void throw_errno(std::string_view doing, std::string_view object);

template <typename T>
T check(T result, std::string_view doing, std::string_view object) {
  if (result < 0) throw_errno(doing, object);
  return result;
}

}  // namespace cooper::base
