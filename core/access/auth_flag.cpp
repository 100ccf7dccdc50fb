#include "access/auth_flag.h"

#include <fmt/format.h>
#include <unistd.h>

#include "access/config_file.h"
#include "access/credential_helper.h"
#include "access/named_credentials.h"
#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"

namespace cooper::access {

namespace {

constexpr const char* kFlag = "--registry-auth";
constexpr std::size_t kSecretLimit = 64 << 10;

using Environment = std::map<std::string, std::string>;

base::Error usage(const std::string& what) {
  return {base::ErrorKind::kUsage, fmt::format("{} {}", kFlag, what)};
}

// One login of the flag: which field of a credential comes from where.
class FlagCredentials final : public registry::CredentialStore {
 public:
  FlagCredentials(std::map<std::string, std::string> fields, const Environment& environment)
      : fields_(std::move(fields)), environment_(environment) {
    const registry::Credential credential = read();
    const bool has_password = !credential.username.empty() && !credential.password.empty();
    if (field("host").empty())
      throw usage("has no host").hint("write host=HOST,username=NAME,password-env=VARIABLE");
    if (!has_password && credential.identity_token.empty() && credential.registry_token.empty()) {
      throw usage(fmt::format("for '{}' has no login", field("host")))
          .hint("give username and password-env or password-file, or identity-token-env");
    }
  }

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token&) override {
    if (!is_meant(field("host"), host, repository))
      return {std::nullopt, {fmt::format("{} is for '{}'", kFlag, field("host"))}};
    try {
      return {read(), {}};
    } catch (const base::Error& error) {
      return {std::nullopt, {error.summary()}};
    }
  }

 private:
  std::string field(const std::string& name) const {
    auto found = fields_.find(name);
    return found == fields_.end() ? std::string() : found->second;
  }

  registry::Credential read() const {
    registry::Credential credential;
    credential.source = kFlag;
    credential.username = field("username");
    if (credential.username.empty()) credential.username = value_of("username");
    credential.password = value_of("password");
    credential.identity_token = value_of("identity-token");
    credential.registry_token = value_of("registry-token");
    return credential;
  }

  // NAME-env or NAME-file; "" when neither is given.
  std::string value_of(const std::string& name) const {
    if (std::string variable = field(name + "-env"); !variable.empty()) {
      auto found = environment_.find(variable);
      if (found == environment_.end() || found->second.empty())
        throw usage(fmt::format("wants the variable '{}', which is not set", variable));
      return found->second;
    }
    const std::string file = field(name + "-file");
    if (file.empty()) return {};
    const std::string content = os::read_file(file, kSecretLimit);
    std::string value(content.substr(0, content.find_first_of("\r\n")));
    if (value.empty()) throw usage(fmt::format("wants the first line of '{}', which is empty", file));
    return value;
  }

  const std::map<std::string, std::string> fields_;
  const Environment environment_;
};

std::map<std::string, std::string> read_fields(const std::string& value) {
  static const std::vector<std::string> kNames = {"host",
                                                  "username",
                                                  "username-env",
                                                  "username-file",
                                                  "password-env",
                                                  "password-file",
                                                  "identity-token-env",
                                                  "identity-token-file",
                                                  "registry-token-env",
                                                  "registry-token-file"};
  std::map<std::string, std::string> fields;
  for (const std::string& field : base::split(value, ',')) {
    const std::size_t equals = field.find('=');
    const std::string name = field.substr(0, equals);
    if (name == "password" || name == "identity-token" || name == "registry-token") {
      throw usage(fmt::format("takes no {} itself: other users of this machine can read arguments", name))
          .hint(fmt::format("put it into a variable or a file, and write {0}-env=VARIABLE or {0}-file=PATH",
                            name));
    }
    if (equals == std::string::npos || std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      // What is no field may be the rest of a secret with a comma in it.
      throw usage("has a field that is none of its own").hint("use " + base::join(kNames, ", "));
    }
    if (!fields.emplace(name, field.substr(equals + 1)).second)
      throw usage(fmt::format("has {} twice", name));
  }
  return fields;
}

bool is_login(const std::string& value) {
  const std::vector<std::string> fields = base::split(value, ',');
  return std::any_of(fields.begin(), fields.end(), [](const std::string& field) {
    return field.rfind("host=", 0) == 0 || field.rfind("username=", 0) == 0 ||
           field.rfind("password", 0) == 0;
  });
}

}  // namespace

std::shared_ptr<registry::CredentialStore> open_auth_flag(const std::string& value,
                                                          const Environment& environment) {
  if (is_login(value)) return std::make_shared<FlagCredentials>(read_fields(value), environment);
  if (::access(value.c_str(), R_OK) != 0) {
    throw usage("names a file that is not there or cannot be read")
        .hint(
            "give the path of a config.json or auth.json, or host=HOST,username=NAME,password-env=VARIABLE");
  }
  return std::make_shared<ConfigFile>(value, ask_helper);
}

}  // namespace cooper::access
