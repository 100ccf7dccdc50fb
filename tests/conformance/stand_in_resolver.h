// The stand-in that the conformance data was recorded with: PATH, Cmd ["sh"] and one layer, whatever the
// name.
#pragma once

#include <string>

#include "dockerfile/frontend.h"

namespace cooper::conformance {

class StandInResolver final : public dockerfile::ImageResolver {
 public:
  dockerfile::ResolvedImage resolve(const std::string& reference, const oci::Platform& platform) override {
    dockerfile::ResolvedImage image;
    image.reference = reference;
    image.manifest_digest = base::sha256(reference);
    image.config.platform = platform;
    image.config.config.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    image.config.config.cmd = {{"sh"}};
    base::Digest::Bytes bytes;
    bytes.fill(0xab);
    image.config.diff_ids = {base::Digest(bytes)};
    oci::History history;
    history.created_by = "base";
    image.config.history.push_back(history);
    return image;
  }
};

}  // namespace cooper::conformance
