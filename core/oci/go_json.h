// JSON text as Go's encoding/json writes it, so that digests over our documents equal those of the Go tools.
//
// HTML characters and U+2028/9 are escaped, invalid UTF-8 becomes \ufffd byte by byte, objects keep the order
// they were built in. Private to oci.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace cooper::oci {

// json.Marshal for indent 0, json.MarshalIndent(v, "", indent spaces) otherwise.
std::string go_json(const nlohmann::ordered_json& value, int indent = 0);
void append_go_string(std::string& out, std::string_view text);

}  // namespace cooper::oci
