// Takes secrets out of text before it becomes an error or a log line.
#pragma once

#include <string>
#include <string_view>

namespace cooper::net {

// "https://user:secret@host/p?token=x" → "https://host/p?token=***": user info dropped, values of query keys
// that look like credentials (token, signature, X-Amz-…, sig, password, key) masked.
std::string redact_url(std::string_view url);

}  // namespace cooper::net
