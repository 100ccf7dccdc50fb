#include "cloud/aws_profiles.h"

#include <filesystem>
#include <fmt/format.h>

#include "base/text.h"
#include "os/fd.h"

namespace cooper::cloud {

namespace {

constexpr std::size_t kFileLimit = 1 << 20;

bool is_there(const std::string& path) {
  std::error_code none;
  return !path.empty() && std::filesystem::exists(path, none);
}

std::string path_of(const CloudContext& context, const std::string& variable, const std::string& name) {
  std::string path = context.variable(variable);
  std::string home = context.variable("HOME");
  if (path.empty()) return home.empty() ? std::string() : home + "/.aws/" + name;
  return path.rfind("~/", 0) == 0 ? home + path.substr(1) : path;
}

// "" for sections that are no profile: sso-session, services.
std::string profile_name(std::string_view section, bool is_config) {
  std::string name(base::trim(section));
  if (!is_config || name == "default") return name;
  if (name.rfind("profile ", 0) != 0 && name.rfind("profile\t", 0) != 0) return {};
  return std::string(base::trim(base::trim(name.substr(8)), "\""));
}

std::string value_of(std::string_view text) {
  // A comment may follow after a blank.
  for (const char* mark : {" #", " ;", "\t#", "\t;"}) text = text.substr(0, text.find(mark));
  return std::string(base::trim(text));
}

}  // namespace

const AwsProfile* AwsProfiles::find(const std::string& name) const {
  auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &found->second;
}

void read_aws_profiles(const std::string& text, bool is_config, std::map<std::string, AwsProfile>& profiles) {
  AwsProfile* profile = nullptr;
  for (const std::string& line : base::split(text, '\n')) {
    // An indented line belongs to a nested setting, of which none matters here.
    bool is_nested = line.empty() || line[0] == ' ' || line[0] == '\t';
    if (is_nested || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      std::string name = profile_name(line.substr(1, line.find(']') - 1), is_config);
      profile = name.empty() ? nullptr : &profiles[name];
    } else if (std::size_t equals = line.find('='); profile != nullptr && equals != std::string::npos) {
      (*profile)[base::to_lower(base::trim(line.substr(0, equals)))] = value_of(line.substr(equals + 1));
    }
  }
}

AwsProfiles load_aws_profiles(const CloudContext& context) {
  AwsProfiles profiles;
  std::string config = path_of(context, "AWS_CONFIG_FILE", "config");
  std::string credentials = path_of(context, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  if (is_there(config)) read_aws_profiles(os::read_file(config, kFileLimit), true, profiles.by_name);
  if (is_there(credentials))
    read_aws_profiles(os::read_file(credentials, kFileLimit), false, profiles.by_name);
  profiles.chosen = context.variable("AWS_PROFILE");
  profiles.is_chosen_by_user = !profiles.chosen.empty();
  if (profiles.chosen.empty()) profiles.chosen = "default";
  profiles.files = config.empty() && credentials.empty()
                       ? "HOME is not set"
                       : fmt::format("in '{}' and '{}'", config, credentials);
  return profiles;
}

}  // namespace cooper::cloud
