#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace cooper::base {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kDockerfile:
      return 3;
    case ErrorKind::kContext:
      return 4;
    case ErrorKind::kRegistry:
      return 5;
    case ErrorKind::kAuth:
      return 6;
    case ErrorKind::kIo:
      return 7;
    case ErrorKind::kCorrupt:
      return 8;
    case ErrorKind::kUnsupported:
      return 9;
    case ErrorKind::kRunFailed:
      return 1;
    case ErrorKind::kCancelled:
      return 130;
    case ErrorKind::kInternal:
      return 70;
  }
  return 70;
}

Error::Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

Error& Error::hint(std::string text) {
  hint_ = std::move(text);
  return *this;
}

Error& Error::at(SourceRange range) {
  range_ = std::move(range);
  return *this;
}

Error& Error::with_errno(int number) {
  errno_ = number;
  return *this;
}

Error& Error::retryable(bool value) {
  retryable_ = value;
  return *this;
}

Error& Error::exit_status(int code) {
  exit_status_ = code;
  return *this;
}

Error& Error::context(std::string text) {
  trail_.push_back(std::move(text));
  return *this;
}

int Error::exit_status() const {
  return exit_status_ >= 0 ? exit_status_ : exit_code(kind_);
}

std::string Error::summary() const {
  std::string line;
  for (auto outer = trail_.rbegin(); outer != trail_.rend(); ++outer) line += *outer + ": ";
  line += message_;
  if (errno_ != 0) line += fmt::format(": {}", std::strerror(errno_));
  return line;
}

std::string Error::render() const {
  std::string text;
  if (range_) {
    text += range_->file;
    if (range_->start_line > 0) text += fmt::format(":{}", range_->start_line);
    if (range_->start_column > 0) text += fmt::format(":{}", range_->start_column);
    text += ": ";
  }
  text += summary();
  if (range_ && !range_->excerpt.empty()) {
    text += "\n  " + range_->excerpt;
    if (range_->start_column > 0) text += "\n  " + std::string(range_->start_column - 1, ' ') + "^";
  }
  if (!hint_.empty()) text += "\nhint: " + hint_;
  return text;
}

const char* Error::what() const noexcept {
  try {
    what_ = summary();
    return what_.c_str();
  } catch (...) {
    return "error (out of memory while describing it)";
  }
}

Error os_error(int number, std::string_view doing, std::string_view object) {
  Error error(ErrorKind::kIo, fmt::format("cannot {} '{}'", doing, object));
  error.with_errno(number);
  if (number == ENOSPC || number == EDQUOT)
    error.hint("free some disk space, or point --store at a larger disk");
  return error;
}

void throw_errno(std::string_view doing, std::string_view object) {
  throw os_error(errno, doing, object);
}

}  // namespace cooper::base
