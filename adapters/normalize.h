// The one policy for tags, labels, annotations and caches: from a record to flags of `cooper build`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/option.h"
#include "adapters/record.h"

namespace cooper::adapters {

// A git reference as part of a tag: lower case, everything outside 0-9a-z a '-', at most 63 characters, no
// '-' at its ends (GitLab's rule); with a suffix of six hex digits when two references could become the same.
std::string slug(std::string_view reference);

struct TagPolicy {
  bool nightly = false;      // scheduled runs also get "nightly"
  bool push_changes = true;  // merge and pull requests are pushed, too
  bool push_forks = false;   // even those that come from forks
};

// The tags that a run gives its image, most specific first; none when it is not to be pushed.
std::vector<std::string> tags_of(const Record& record, const TagPolicy& policy);

// Everything that the record says about a build: --tag for each of tags_of() at the image's base, --push,
// --label and --annotation, --cache-from and --cache-to in a registry by trust, --source-date-epoch. What is
// unique to the run is an annotation, never a label, or every run would be another image. `suffix`, of
// several images of one repository, is put behind the base: "/api". An image of several platforms has the
// annotations on its index, too; that of one has no index, and the flag would be an error.
std::vector<Option> default_options(const Record& record, const TagPolicy& policy,
                                    const std::string& suffix = "", bool has_several_platforms = false);

}  // namespace cooper::adapters
