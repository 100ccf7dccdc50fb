#include "registry/refusal.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace cooper::registry {

namespace {

constexpr std::size_t kLongestText = 500;

std::string text_field(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return {};
  auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>()
                            : found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string messages(const nlohmann::json& body) {
  std::vector<std::string> lines;
  auto errors = body.is_object() ? body.find("errors") : body.end();
  if (body.is_object() && errors != body.end() && errors->is_array()) {
    for (const nlohmann::json& error : *errors) {
      std::string line = text_field(error, "message");
      if (line.empty()) line = base::to_lower(text_field(error, "code"));
      // Structured details repeat the request.
      auto detail = error.find("detail");
      if (error.is_object() && detail != error.end() && detail->is_string())
        line += fmt::format(" ({})", detail->get<std::string>());
      if (!line.empty()) lines.push_back(line);
    }
  }
  // Token servers and proxies have their own forms.
  for (const char* name : {"details", "message", "error_description", "error"}) {
    if (lines.empty() && !text_field(body, name).empty()) lines.push_back(text_field(body, name));
  }
  return base::join(lines, "; ");
}

// One printable line: a registry must not write to the user's terminal.
std::string clean(std::string_view text) {
  std::string line;
  for (char c : text.substr(0, kLongestText)) {
    auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return std::string(base::trim(line));
}

}  // namespace

std::string refusal_text(const net::Response& response) {
  nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  std::string text = body.is_discarded() ? std::string() : messages(body);
  const std::string* type = response.header("content-type");
  bool readable = type == nullptr || type->rfind("text/plain", 0) == 0;
  if (text.empty() && readable) text = response.body;
  text = clean(text);
  return text.empty() ? std::to_string(response.status) : fmt::format("{}: {}", response.status, text);
}

std::string refusal_hint(const net::Response& response, const std::string& host) {
  constexpr std::string_view kBefore = "The repository with name '";
  constexpr std::string_view kBehind = "' does not exist in the registry";
  constexpr std::string_view kNames = "abcdefghijklmnopqrstuvwxyz0123456789._/-";
  const std::size_t begin = response.body.find(kBefore);
  const std::size_t end = response.body.find(kBehind, std::min(begin, response.body.size()));
  if (begin == std::string::npos || end == std::string::npos) return {};
  const std::string name = response.body.substr(begin + kBefore.size(), end - begin - kBefore.size());
  // People paste it into a shell.
  if (name.empty() || name.front() == '-' || name.find_first_not_of(kNames) != std::string::npos) return {};
  const char* service = host == "public.ecr.aws" ? "ecr-public" : "ecr";
  return fmt::format("make it first: aws {} create-repository --repository-name {}", service, name);
}

}  // namespace cooper::registry
