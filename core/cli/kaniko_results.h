// What Kaniko writes about a finished image: digests in files or to URLs, and Cloud Build's list of images.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "cli/kaniko_settings.h"
#include "oci/reference.h"

namespace cooper::cli {

struct KanikoResult {
  std::string place;  // a path, or an https:// URL that the text is PUT to
  std::string text;
  std::string flag;  // that asked for it, for errors
};

// `builder_output`: the directory for `images`, "" for none.
std::vector<KanikoResult> kaniko_results(const KanikoSettings& settings,
                                         const std::vector<oci::Reference>& destinations,
                                         const base::Digest& image, const std::string& builder_output);

// Writes all of them, whatever becomes of the others. Files are written in place: Kubernetes' termination log
// is a mount that nothing can be renamed over. `put` sends a text to a URL, and throws. Throws Error{kIo}
// naming all that could not be written.
void write_kaniko_results(const std::vector<KanikoResult>& results,
                          const std::function<void(const std::string& url, const std::string& text)>& put);

}  // namespace cooper::cli
