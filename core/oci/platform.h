// Platforms as "os/arch[/variant]", normalised as containerd does: x86_64 → amd64, aarch64 → arm64 (v8
// dropped), armhf → arm/v7. OCI image-spec, image-index.md, "platform".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cooper::oci {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
  std::string os_version;
  std::vector<std::string> os_features;

  bool operator==(const Platform&) const = default;

  std::string str() const;       // "linux/arm/v7"
  std::string full_str() const;  // with the version of the system: "windows(10.0.17763)/amd64"
};

// Throws Error{kUsage} naming the text and what is wrong with it.
Platform parse_platform(std::string_view text);
Platform host_platform();
Platform normalize(Platform platform);
// Whether an image for `candidate` can serve `wanted` (arm/v7 serves wanted arm/v7; arm/v6 images run on
// arm/v7 …).
bool can_serve(const Platform& wanted, const Platform& candidate);
// How well: larger is better, negative: not at all. For choosing from an index.
int match_score(const Platform& wanted, const Platform& candidate);

}  // namespace cooper::oci
