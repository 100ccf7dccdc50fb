// References of git as tags of images. Private to adapters; normalize.h is the policy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cooper::adapters {

// slug(), with the suffix also for a name that would be one of the tags that mean something else: "latest",
// "nightly", "12" (a major version), "pr-7", "mr-7", "sha-0123456789ab".
std::string branch_tag(std::string_view branch);

// A git tag as an image's, its capitals, dots and '_' kept; with a suffix where something was lost.
std::string sanitised_tag(std::string_view tag);

// What a git tag stands for, most specific first, "latest" last: "v1.2.3" → 1.2.3, 1.2, 1, latest; "v0.2.3"
// → 0.2.3, 0.2, latest; a pre-release and a version with build metadata only themselves (the '+' as '_',
// which no version has); anything else sanitised. All but the first move.
std::vector<std::string> tags_of_git_tag(std::string_view tag);

// The part of the cache that a run without trust has for itself: at most 60 characters, as --cache-to takes
// it.
std::string scope_of_ref(std::string_view kind, std::string_view name);

}  // namespace cooper::adapters
