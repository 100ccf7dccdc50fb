// Where a repository is, as CI systems say it, made one spelling: "https://host/group/app".
#pragma once

#include <string>
#include <string_view>

namespace cooper::adapters {

// Of an http(s), ssh or git URL, or "git@host:group/app.git": for people's browsers, host in lower case,
// without user info, query, ".git" and a slash at the end; ssh's port goes, that of http(s) stays. "" for
// what is on no other host (a path, file://) or is no URL.
std::string web_url(std::string_view text);

// "group/app" of a web_url(), or of a path; "" for none. CodeCommit's "/v1/repos/" does not count.
std::string path_of_repository(std::string_view url);

}  // namespace cooper::adapters
