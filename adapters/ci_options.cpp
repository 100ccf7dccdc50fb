#include "adapters/ci_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace cooper::adapters {

namespace {

// The flags of a build, without a context that must be there.
struct Parser {
  CLI::App app;
  cli::BuildFlags flags;

  Parser() {
    cli::add_build_flags(app, flags);
    app.get_option("context")->required(false);
  }

  void parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
  }
};

// "--build-arg"; "context" for the only positional one.
std::string flag_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  return "--" + option.get_lnames().front();
}

bool repeats(const CLI::Option& option) {
  return option.get_expected_max() > 1;
}

std::string variable_of(const std::string& flag) {
  std::string name = flag.substr(flag.find_first_not_of('-'));
  std::replace(name.begin(), name.end(), '-', '_');
  return "COOPER_" + base::to_upper(name);
}

// A JSON array of strings, as GitLab writes a list down, or a value a line.
std::vector<std::string> items_of(const std::string& value, const std::string& name) {
  std::vector<std::string> items;
  if (base::trim(value).front() == '[') {
    const nlohmann::json list = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
    for (const nlohmann::json& item : list.is_array() ? list : nlohmann::json::array({nullptr})) {
      if (!item.is_string()) {
        throw base::Error(base::ErrorKind::kUsage, fmt::format("${} is no JSON array of strings", name))
            .hint("write [\"a\", \"b\"], or one value a line");
      }
      if (!item.get<std::string>().empty()) items.push_back(item.get<std::string>());
    }
    return items;
  }
  for (const std::string& line : base::split(value, '\n')) {
    if (std::string_view item = base::trim(line); !item.empty()) items.emplace_back(item);
  }
  return items;
}

// These have variables of their own, which are read where the flags are (cli/registry_flags, environment).
bool has_own_variable(const std::string& flag) {
  return flag.rfind("--registry-", 0) == 0 || flag == "--no-registry-fallback" || flag == "--store" ||
         flag == "--store-limit";
}

}  // namespace

std::vector<Option> options_of_arguments(const std::vector<std::string>& arguments) {
  Parser parser;
  try {
    parser.parse(arguments);
  } catch (const CLI::ParseError& error) {
    throw base::Error(base::ErrorKind::kUsage, error.what()).hint("see 'cooper build --help'");
  }
  std::vector<Option> options;
  for (const CLI::Option* option : parser.app.get_options()) {
    if (option->count() == 0) continue;
    const std::string flag = flag_of(*option);
    for (const std::string& value : option->results()) options.push_back({flag, value, "the command line"});
  }
  return options;
}

std::vector<Option> options_of_environment(const Variables& variables) {
  Parser parser;
  std::vector<Option> options;
  for (const CLI::Option* option : parser.app.get_options()) {
    const std::string flag = flag_of(*option);
    if (flag == "--help" || has_own_variable(flag)) continue;
    const std::string name = variable_of(flag);
    const std::string value = variables.get(name);
    if (base::trim(value).empty()) continue;
    const bool is_switch = option->get_items_expected_max() == 0;
    if (is_switch && value != "true" && value != "false") {
      throw base::Error(base::ErrorKind::kUsage,
                        fmt::format("${} is '{}', and {} takes true or false", name, value, flag))
          .hint("set it to true or false");
    }
    for (const std::string& item : repeats(*option) ? items_of(value, name) : std::vector{value}) {
      options.push_back({flag, is_switch && item == "false" ? "" : item, "$" + name});
    }
  }
  return options;
}

std::vector<std::string> items_of_variable(const Variables& variables, const std::string& name) {
  const std::string value = variables.get(name);
  return base::trim(value).empty() ? std::vector<std::string>() : items_of(value, name);
}

cli::BuildFlags flags_of_options(const std::vector<Option>& options, const std::string& workspace) {
  Parser parser;
  std::vector<std::string> arguments;
  std::string context = workspace;
  for (const Option& option : options) {
    if (option.flag == "context") {
      context = option.value;
      continue;
    }
    const CLI::Option* known = parser.app.get_option_no_throw(option.flag);
    if (known == nullptr)
      throw base::Error(base::ErrorKind::kInternal, fmt::format("there is no flag '{}'", option.flag));
    const bool is_switch = known->get_items_expected_max() == 0;
    arguments.push_back(is_switch ? option.flag : option.flag + "=" + option.value);
  }
  try {
    parser.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    throw base::Error(base::ErrorKind::kUsage, error.what()).hint("'cooper ci explain' says who gave it");
  }
  parser.flags.context = context;
  return parser.flags;
}

}  // namespace cooper::adapters
