#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "base/error.h"

namespace cooper::cli {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Option& Option::delimiter(char between) {
  option_->delimiter(between);
  return *this;
}

Command Command::add_command(const std::string& name, const std::string& description) const {
  return {*app_->add_subcommand(name, description)};
}

void Command::require_command() const {
  app_->require_subcommand(1);
}

void Command::allow_command() const {
  app_->require_subcommand(0, 1);
}

Option Command::add_option(const std::string& names, std::string& value,
                           const std::string& description) const {
  return Option(*app_->add_option(names, value, description));
}

Option Command::add_option(const std::string& names, int& value, const std::string& description) const {
  return Option(*app_->add_option(names, value, description));
}

Option Command::add_option(const std::string& names, std::vector<std::string>& values,
                           const std::string& description) const {
  // Or `-t NAME .` takes the context for another name.
  return Option(*app_->add_option(names, values, description)->allow_extra_args(false));
}

void Command::add_ignored_option(const std::string& names, const std::string& description) const {
  app_->add_option_function<std::string>(
      names, [](const std::string&) {}, description);
}

void Command::add_flag(const std::string& names, bool& value, const std::string& description) const {
  app_->add_flag(names, value, description);
}

Option Command::add_positional(const std::string& name, std::string& value,
                               const std::string& description) const {
  return Option(*app_->add_option(name, value, description));
}

Option Command::add_positional(const std::string& name, std::vector<std::string>& values,
                               const std::string& description) const {
  return Option(*app_->add_option(name, values, description));
}

void Command::describe_option(const std::string& name, const std::string& description) const {
  app_->get_option(name)->description(description);
}

void Command::remove_option(const std::string& name) const {
  app_->remove_option(app_->get_option(name));
}

void Command::alias(const std::string& name) const {
  app_->alias(name);
}

void Command::hide() const {
  app_->group("");
}

void Command::footer(const std::string& text) const {
  app_->footer(text);
}

void Command::allow_extras() const {
  app_->allow_extras();
}

void Command::on_chosen(std::function<void()> callback) const {
  app_->callback(std::move(callback));
}

bool Command::is_chosen() const {
  return app_->parsed();
}

bool Command::is_given(const std::string& option) const {
  return app_->count(option) > 0;
}

Program::Program(const std::string& name, const std::string& description)
    : app_(std::make_unique<CLI::App>(description, name)) {}

Program::~Program() = default;

Command Program::root() const {
  return {*app_};
}

void Program::add_version_flag(const std::string& version) {
  app_->set_version_flag("--version", version);
}

std::optional<std::string> Program::parse(std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    app_->parse(std::move(words));
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) throw base::Error(base::ErrorKind::kUsage, error.what());
    std::ostringstream answer;
    app_->exit(error, answer);
    return answer.str();
  }
}

std::string Program::chosen_command() const {
  const std::vector<CLI::App*> chosen = app_->get_subcommands();
  return chosen.empty() ? "" : chosen.front()->get_name();
}

}  // namespace cooper::cli
