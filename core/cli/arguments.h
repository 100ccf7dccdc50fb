// The commands, options and flags of a command line: how they are declared, and how they are read.
//
// CLI11 does the work. Its header takes seconds to compile, so that only arguments.cpp includes it; what is
// here names the few things that commands ask of it. Variables that options are bound to must live until the
// words are read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cooper::cli {

// An option or positional argument that was just declared, to say more about it.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  // Each returns *this, so that a declaration reads as one sentence.
  Option& required();
  Option& type_name(const std::string& name);  // how --help calls the value
  Option& delimiter(char between);             // one word may hold several values

 private:
  CLI::Option* option_;  // owned by the program
};

// A command, or the program itself: a handle that is copied freely, and valid as long as its Program.
class Command {
 public:
  // Implicit: who has a parser of CLI11's own can have our flags in it, too.
  Command(CLI::App& app) : app_(&app) {}

  // What is made of other commands' parts.
  Command add_command(const std::string& name, const std::string& description) const;
  void require_command() const;  // one of the commands below must follow
  void allow_command() const;    // one may follow

  // `names` are separated by commas: "-t,--tag". A list is given a value at a time, by repeating the option.
  Option add_option(const std::string& names, std::string& value, const std::string& description) const;
  Option add_option(const std::string& names, int& value, const std::string& description) const;
  Option add_option(const std::string& names, std::vector<std::string>& values,
                    const std::string& description) const;
  // An option with a value that nobody reads.
  void add_ignored_option(const std::string& names, const std::string& description) const;
  void add_flag(const std::string& names, bool& value, const std::string& description) const;
  // A word without a name of its own; a list takes all that are left.
  Option add_positional(const std::string& name, std::string& value, const std::string& description) const;
  Option add_positional(const std::string& name, std::vector<std::string>& values,
                        const std::string& description) const;

  // Of an option that was declared already, by one of its names.
  void describe_option(const std::string& name, const std::string& description) const;
  void remove_option(const std::string& name) const;

  void alias(const std::string& name) const;
  void hide() const;  // from --help of what is above it
  void footer(const std::string& text) const;
  void allow_extras() const;  // any words, known or not
  void on_chosen(std::function<void()> callback) const;

  // What the words said, once they are read.
  bool is_chosen() const;
  bool is_given(const std::string& option) const;

 private:
  CLI::App* app_;  // owned by the program
};

// Owns all commands, and reads the words.
class Program {
 public:
  Program(const std::string& name, const std::string& description);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Command root() const;
  CLI::App& app() { return *app_; }  // for what is declared with CLI11 itself
  void add_version_flag(const std::string& version);

  // Sets what options are bound to. `words` are those behind the program's name. Returns the text that
  // --help or --version ask for, nullopt where there is something to do. Throws Error{kUsage}, without a
  // hint.
  std::optional<std::string> parse(std::vector<std::string> words);

  // The name of the first command that was chosen, "" for none; also when parse() threw.
  std::string chosen_command() const;

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace cooper::cli
