#include "cli/password_prompt.h"

#include <cerrno>
#include <cstdio>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::cli {
namespace {

constexpr char kInterrupt = 3;  // Ctrl-C

// Echo is off while it lives. Signals of the keyboard are off too, so that none ends us with echo off:
// Ctrl-C arrives as a character that ends the line.
class Unseen {
 public:
  Unseen() {
    base::check(::tcgetattr(STDIN_FILENO, &before_), "ask", "the terminal");
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    now.c_cc[VEOL] = kInterrupt;
    base::check(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now), "silence", "the terminal");
  }
  ~Unseen() {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stderr);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
};

}  // namespace

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1;
}

std::string ask_line(const std::string& question) {
  std::fputs(question.c_str(), stderr);
  std::string line;
  while (true) {
    char c = 0;
    const ssize_t count = ::read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count == 1 && c == '\n') return line;
    if (count != 1 || c == kInterrupt) {
      throw base::Error(base::ErrorKind::kCancelled, "nothing was entered").exit_status(130);
    }
    line += c;
  }
}

std::string ask_secret(const std::string& question) {
  // Before the question: who answers at once is not shown either. What was typed before is dropped.
  const Unseen unseen;
  return ask_line(question);
}

}  // namespace cooper::cli
