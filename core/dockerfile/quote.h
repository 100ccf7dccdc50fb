// Text as Go's fmt prints it. History strings are part of the config's digest, so these are exact.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::dockerfile {

std::string quote(std::string_view text);                       // %q: "a\"b"
std::string quote_list(const std::vector<std::string>& items);  // %q: ["a" "b"]
std::string plain_list(const std::vector<std::string>& items);  // %v: [a b]
std::string duration_text(std::int64_t nanoseconds);            // "1m30s"

// "1h2m3.5s" → nanoseconds. Throws Error{kDockerfile} quoting the text.
std::int64_t parse_duration(std::string_view text);
// "64m" → bytes: binary multiples, as docker's size flags have them. Throws Error{kDockerfile}.
std::int64_t parse_size(std::string_view text);
// 1, t, T, TRUE, true, True and their opposites; returns false for anything else.
bool parse_bool(std::string_view text, bool& value);

// The candidate within two edits of `word`, "" when there is none or `word` is itself a candidate.
std::string suggest(std::string_view word, const std::vector<std::string>& candidates, bool case_sensitive);

// A hint: "did you mean 'x'?" when a candidate is near, else `otherwise`.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         const std::string& otherwise);

}  // namespace cooper::dockerfile
