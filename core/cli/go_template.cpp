#include "cli/go_template.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/json_text.h"

namespace cooper::cli {

namespace {

class Renderer {
 public:
  Renderer(const Json& document, std::string_view flag) : document_(document), flag_(flag) {}

  std::string render(std::string_view format) const {
    std::string out;
    for (std::size_t at = 0; at < format.size();) {
      const std::size_t open = format.find("{{", at);
      out += unescape(format.substr(at, open - at));
      if (open == std::string_view::npos) break;
      const std::size_t close = format.find("}}", open);
      if (close == std::string_view::npos) refuse(format.substr(open), "has no end");
      out += evaluate(format.substr(open + 2, close - open - 2));
      at = close + 2;
    }
    return out;
  }

 private:
  [[noreturn]] void refuse(std::string_view action, std::string_view why) const {
    throw base::Error(base::ErrorKind::kUnsupported, fmt::format("{} '{}' {}", flag_, action, why))
        .hint("use {{.Field}}, {{.Field.Field}}, {{json .}} or {{json .Field}}, or read the JSON with jq");
  }

  static std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool escaped =
          text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 't');
      out += escaped ? (text[++i] == 'n' ? '\n' : '\t') : text[i];
    }
    return out;
  }

  std::string evaluate(std::string_view action) const {
    std::string_view text = base::trim(action);
    const bool as_json = text.starts_with("json ");
    if (as_json) text = base::trim(text.substr(5));
    if (!text.starts_with(".") || text.find_first_of(" |()\"`$") != std::string_view::npos)
      refuse("{{" + std::string(action) + "}}", "is more of Go's templates than cooper knows");
    const Json& value = look_up(text, action);
    if (as_json) return json_text(value);
    return show(value, action);
  }

  const Json& look_up(std::string_view path, std::string_view action) const {
    const Json* value = &document_;
    for (const std::string& name : base::split(path.substr(1), '.')) {
      if (name.empty() && path == ".") break;
      value = find_field(*value, name);
      if (value == nullptr) {
        throw base::Error(base::ErrorKind::kUsage,
                          fmt::format("{} '{{{{{}}}}}': there is no '{}'", flag_, action, name))
            .hint("see what there is with {{json .}}");
      }
    }
    return *value;
  }

  static const Json* find_field(const Json& object, const std::string& name) {
    if (!object.is_object()) return nullptr;
    if (auto exact = object.find(name); exact != object.end()) return &*exact;
    for (auto field = object.begin(); field != object.end(); ++field) {
      if (base::to_lower(field.key()) == base::to_lower(name)) return &*field;
    }
    return nullptr;
  }

  // Go prints maps and structs in its own notation, which nobody reads.
  std::string show(const Json& value, std::string_view action) const {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return "<no value>";
    if (value.is_structured()) refuse("{{" + std::string(action) + "}}", "is no single value");
    return json_text(value);
  }

  const Json& document_;
  const std::string_view flag_;
};

}  // namespace

std::string render_template(std::string_view format, const std::string& json, std::string_view flag) {
  const Json document = parse_json(json);
  return Renderer(document, flag).render(format);
}

}  // namespace cooper::cli
