#include "access/login.h"

#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "access/credential_helper.h"
#include "access/docker_config.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::access {

namespace {

using Json = nlohmann::ordered_json;  // keeps the fields in the order in which they are

constexpr std::size_t kFileLimit = 4 << 20;

Json read_config(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return Json::object();
  const std::string text = os::read_file(path, kFileLimit);
  if (base::trim(text).empty()) return Json::object();
  Json config = Json::parse(text, nullptr, false);
  if (config.is_object() && (!config.contains("auths") || config["auths"].is_object())) return config;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("'{}' is no configuration of docker's", path))
      .hint("mend or remove it, or give another one with --authfile");
}

void write_config(const std::string& path, const Json& config) {
  std::error_code none;
  // A link stays one: people keep the file elsewhere.
  std::filesystem::path target = std::filesystem::canonical(path, none);
  if (none) target = path;
  if (target.has_parent_path()) os::make_directories(target.parent_path().string(), 0700);
  os::write_file_atomically(target.string(), config.dump(1, '\t') + "\n", 0600);
}

// "" for none. Credentials of a part of a host are in files only: helpers know hosts.
std::string helper_of(const Json& config, const std::string& server) {
  const std::string host = server.substr(0, server.find('/'));
  auto helpers = config.find("credHelpers");
  if (helpers != config.end() && helpers->is_object()) {
    for (const auto& [name, helper] : helpers->items()) {
      if (canonical_server(name) == canonical_server(host) && helper.is_string())
        return helper.get<std::string>();
    }
  }
  auto store = config.find("credsStore");
  return store != config.end() && store->is_string() ? store->get<std::string>() : std::string();
}

// Takes the server out of "auths" by all its spellings.
bool remove_from(Json& config, const std::string& server) {
  auto auths = config.find("auths");
  if (auths == config.end()) return false;
  std::vector<std::string> found;
  for (const auto& [name, entry] : auths->items()) {
    if (canonical_server(name) == canonical_server(server)) found.push_back(name);
  }
  for (const std::string& name : found) auths->erase(name);
  return !found.empty();
}

base::Error no_helper(const std::string& helper, const std::string& path) {
  return base::Error(base::ErrorKind::kUsage, fmt::format("'{}' keeps logins in {}, which is not installed",
                                                          path, helper_program(helper)))
      .hint("install it, take it out of credsStore and credHelpers, or give another file with --authfile");
}

}  // namespace

Logins::Kept Logins::keep(const std::string& server, const std::string& username, const std::string& password,
                          const std::stop_token& stop) const {
  Json config = read_config(path_);
  const std::string name = server_in_config(server);
  const bool is_part = server.find('/') != std::string::npos;
  const std::string helper = is_part ? std::string() : helper_of(config, server);
  Json entry = Json::object();
  if (helper.empty()) {
    entry["auth"] = base::base64_encode(username + ":" + password);
  } else {
    try {
      store_in_helper(helper, name, username, password, stop);
    } catch (const base::Error& error) {
      if (is_helper_missing(error)) throw no_helper(helper, path_);
      throw;
    }
  }
  remove_from(config, server);
  // With a helper the entry is empty and says only that there is a login, as docker has it.
  config["auths"][name] = std::move(entry);
  write_config(path_, config);
  return {helper.empty() ? path_ : helper_program(helper), !helper.empty()};
}

bool Logins::forget(const std::string& server, const std::stop_token& stop) const {
  Json config = read_config(path_);
  const bool is_part = server.find('/') != std::string::npos;
  if (std::string helper = helper_of(config, server); !helper.empty() && !is_part) {
    try {
      erase_from_helper(helper, server_in_config(server), stop);
    } catch (const base::Error& error) {
      if (is_helper_missing(error)) throw no_helper(helper, path_);
      throw;
    }
  }
  if (!remove_from(config, server)) return false;
  write_config(path_, config);
  return true;
}

}  // namespace cooper::access
