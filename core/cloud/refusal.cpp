#include "cloud/refusal.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cloud/xml.h"

namespace cooper::cloud {

namespace {

constexpr std::size_t kLongestMessage = 300;

std::string text_field(const nlohmann::json& object, const char* name) {
  auto found = object.is_object() ? object.find(name) : object.end();
  bool is_text = object.is_object() && found != object.end() && found->is_string();
  return is_text ? found->get<std::string>() : std::string();
}

void read_json(const nlohmann::json& body, Refusal& refusal) {
  // {"error":{"status":…,"message":…,"errors":[{"reason":…}]}} of Google; OAuth's
  // {"error":…,"error_description":…}; AWS has {"__type":…,"message":…} and {"Code":…,"Message":…}.
  auto error = body.is_object() ? body.find("error") : body.end();
  if (body.is_object() && error != body.end() && error->is_object()) {
    refusal.code = text_field(*error, "status");
    refusal.message = text_field(*error, "message");
    auto errors = error->find("errors");
    bool has_reason =
        refusal.code.empty() && errors != error->end() && errors->is_array() && !errors->empty();
    if (has_reason) refusal.code = text_field(errors->front(), "reason");
    return;
  }
  for (const char* name : {"error", "__type", "Code", "code"}) {
    if (refusal.code.empty()) refusal.code = text_field(body, name);
  }
  for (const char* name : {"error_description", "message", "Message"}) {
    if (refusal.message.empty()) refusal.message = text_field(body, name);
  }
}

void read_xml(const XmlElement& root, Refusal& refusal) {
  const XmlElement* error = root.name == "Error" ? &root : root.child("Error");
  if (error == nullptr) return;
  refusal.code = error->text_at({"Code"});
  refusal.message = error->text_at({"Message"});
}

// The first line, printable: a service must not write to the user's terminal.
std::string clean(std::string_view text) {
  text = base::trim(text);
  text = text.substr(0, std::min(text.find_first_of("\r\n"), kLongestMessage));
  std::string line;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return std::string(base::trim(line));
}

}  // namespace

Refusal read_refusal(const net::Response& response) {
  Refusal refusal;
  refusal.status = response.status;
  nlohmann::json json = nlohmann::json::parse(response.body, nullptr, false);
  if (!json.is_discarded()) {
    read_json(json, refusal);
  } else if (std::optional<XmlElement> xml = parse_xml(response.body)) {
    read_xml(*xml, refusal);
  } else if (const std::string* type = response.header("content-type");
             type != nullptr && type->rfind("text/plain", 0) == 0) {
    refusal.message = response.body;
  }
  // Answers to HEAD have no body; Azure repeats the code.
  if (const std::string* code = response.header("x-ms-error-code"); code != nullptr && refusal.code.empty())
    refusal.code = *code;
  refusal.code = clean(refusal.code);
  refusal.message = clean(refusal.message);
  return refusal;
}

std::string refusal_text(const net::Response& response) {
  Refusal refusal = read_refusal(response);
  std::string text = std::to_string(refusal.status);
  if (!refusal.code.empty()) text += " " + refusal.code;
  if (!refusal.message.empty()) text += ": " + refusal.message;
  return text;
}

}  // namespace cooper::cloud
