// The little of Go's text/template that --format is used for: text, {{.Field.Field}} and {{json .Field}}.
//
// Fields are looked up in a JSON document as Go looks up a struct's, whose JSON names differ in case. What
// else the language has is refused: better than to print something else.
#pragma once

#include <string>
#include <string_view>

namespace cooper::cli {

// `json`: the document that "." is. "\n" and "\t" in the format are a new line and a tab. Throws
// Error{kUnsupported} naming `flag` and the action, Error{kUsage} for a field that is not there.
std::string render_template(std::string_view format, const std::string& json, std::string_view flag);

}  // namespace cooper::cli
