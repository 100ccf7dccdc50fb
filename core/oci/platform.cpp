#include "oci/platform.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::oci {

namespace {

// GOOS and GOARCH values, which are what "os" and "architecture" hold (image-spec, config.md).
constexpr std::array<std::string_view, 17> kSystems = {
    "aix",   "android", "darwin", "dragonfly", "freebsd", "hurd",    "illumos", "ios", "js",
    "linux", "nacl",    "netbsd", "openbsd",   "plan9",   "solaris", "windows", "zos"};
constexpr std::array<std::string_view, 24> kArchitectures = {
    "386",     "amd64",   "amd64p32", "arm",    "armbe",  "arm64",    "arm64be",   "ppc64",
    "ppc64le", "loong64", "mips",     "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le",
    "ppc",     "riscv",   "riscv64",  "s390",   "s390x",  "sparc",    "sparc64",   "wasm"};

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw base::Error(base::ErrorKind::kUsage, fmt::format("invalid platform '{}': {}", text, why))
      .hint("write it as os/architecture, for example linux/amd64 or linux/arm/v7");
}

bool is_component(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

// "windows(10.0.17763)" → os and os_version.
void read_system(Platform& platform, std::string_view part, std::string_view text) {
  std::size_t open = part.find('(');
  if (open != std::string_view::npos) {
    if (part.back() != ')') refuse(text, "the os version is not closed by ')'");
    std::string_view version = part.substr(open + 1, part.size() - open - 2);
    if (!is_component(version)) refuse(text, "the os version holds other characters than A-Z a-z 0-9 _ . -");
    platform.os_version = version;
    part = part.substr(0, open);
  }
  if (!is_component(part)) refuse(text, "a part is empty or holds other characters than A-Z a-z 0-9 _ . -");
  platform.os = part;
}

// "v7" → 7; nullopt when it is no number.
std::optional<int> level(std::string_view variant) {
  if (!variant.empty() && variant.front() == 'v') variant.remove_prefix(1);
  int value = 0;
  auto [end, error] = std::from_chars(variant.data(), variant.data() + variant.size(), value);
  if (error != std::errc() || end != variant.data() + variant.size() || value < 0 || value > 99)
    return std::nullopt;
  return value;
}

using Pair = std::pair<std::string, std::string>;  // architecture, variant

void add_down_to(std::vector<Pair>& chain, const std::string& architecture, int from, int lowest) {
  for (int n = from; n >= lowest; --n) chain.emplace_back(architecture, fmt::format("v{}", n));
}

void add_minors(std::vector<Pair>& chain, int major, int from) {
  for (int minor = from; minor > 0; --minor) chain.emplace_back("arm64", fmt::format("v{}.{}", major, minor));
  chain.emplace_back("arm64", major == 8 ? "" : fmt::format("v{}", major));
}

// What `wanted` can run besides itself, best first. ARMv9.x runs ARMv8.(x+5) (Arm ARM, "Armv9"); 64-bit ARM
// and x86 run their 32-bit kin.
std::vector<Pair> compatible(const Platform& wanted) {
  std::vector<Pair> chain = {{wanted.architecture, wanted.variant}};
  if (wanted.architecture == "amd64") {
    if (auto n = level(wanted.variant)) add_down_to(chain, "amd64", *n - 1, 2);
    if (!wanted.variant.empty()) chain.emplace_back("amd64", "");
    chain.emplace_back("386", "");
  } else if (wanted.architecture == "arm") {
    if (auto n = level(wanted.variant)) add_down_to(chain, "arm", *n - 1, 5);
  } else if (wanted.architecture == "arm64") {
    std::string variant = wanted.variant.empty() ? "v8" : wanted.variant;
    std::size_t dot = variant.find('.');
    auto major = level(variant.substr(0, dot));
    int minor = dot == std::string::npos ? 0 : level(variant.substr(dot + 1)).value_or(0);
    if (major == 9) {
      add_minors(chain, 9, minor);
      add_minors(chain, 8, minor + 5);
    } else if (major == 8) {
      add_minors(chain, 8, minor);
    }
    add_down_to(chain, "arm", 8, 5);
  }
  return chain;
}

bool has_features(const Platform& wanted, const Platform& candidate) {
  return std::all_of(candidate.os_features.begin(), candidate.os_features.end(),
                     [&](const std::string& feature) {
                       return std::find(wanted.os_features.begin(), wanted.os_features.end(), feature) !=
                              wanted.os_features.end();
                     });
}

// Windows containers need the host's build: the first three numbers must agree.
bool same_build(std::string_view wanted, std::string_view candidate) {
  if (wanted.empty() || candidate.empty()) return true;
  auto a = base::split(wanted, '.');
  auto b = base::split(candidate, '.');
  a.resize(3);
  b.resize(3);
  return a == b;
}

}  // namespace

std::string Platform::str() const {
  std::string text = os.empty() ? "unknown" : os;
  if (!architecture.empty()) text += "/" + architecture;
  if (!variant.empty()) text += "/" + variant;
  return text;
}

std::string Platform::full_str() const {
  if (os_version.empty()) return str();
  Platform versioned = *this;
  versioned.os += "(" + os_version + ")";
  return versioned.str();
}

Platform normalize(Platform platform) {
  platform.os = base::to_lower(platform.os);
  if (platform.os == "macos") platform.os = "darwin";
  std::string& arch = platform.architecture;
  std::string& variant = platform.variant;
  arch = base::to_lower(arch);
  variant = base::to_lower(variant);
  if (arch == "i386") {
    arch = "386";
    variant.clear();
  } else if (arch == "x86_64" || arch == "x86-64" || arch == "amd64") {
    arch = "amd64";
    if (variant == "v1") variant.clear();
  } else if (arch == "aarch64" || arch == "arm64") {
    arch = "arm64";
    if (variant == "8" || variant == "v8") variant.clear();
  } else if (arch == "armhf") {
    arch = "arm";
    variant = "v7";
  } else if (arch == "armel") {
    arch = "arm";
    variant = "v6";
  } else if (arch == "arm") {
    if (variant.empty()) variant = "v7";
    if (variant == "5" || variant == "6" || variant == "7" || variant == "8") variant.insert(0, "v");
  }
  std::sort(platform.os_features.begin(), platform.os_features.end());
  platform.os_features.erase(std::unique(platform.os_features.begin(), platform.os_features.end()),
                             platform.os_features.end());
  return platform;
}

Platform parse_platform(std::string_view text) {
  std::vector<std::string> parts = base::split(text, '/');
  if (parts.size() > 3) refuse(text, "it has more than three parts");
  Platform platform;
  read_system(platform, parts[0], text);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!is_component(parts[i]))
      refuse(text, "a part is empty or holds other characters than A-Z a-z 0-9 _ . -");
  }
  if (parts.size() > 1) platform.architecture = parts[1];
  if (parts.size() > 2) platform.variant = parts[2];
  if (parts.size() > 1) return normalize(platform);

  Platform system = normalize(platform);
  Platform host = host_platform();
  if (std::find(kSystems.begin(), kSystems.end(), system.os) != kSystems.end()) {
    system.architecture = host.architecture;
    system.variant = host.variant;
    return system;
  }
  Platform machine;
  machine.os = host.os;
  machine.architecture = parts[0];
  machine = normalize(machine);
  if (std::find(kArchitectures.begin(), kArchitectures.end(), machine.architecture) == kArchitectures.end()) {
    refuse(text, "it is neither a known operating system nor a known architecture");
  }
  return machine;
}

Platform host_platform() {
  utsname name{};
  Platform host;
  host.os = "linux";
  if (uname(&name) != 0) return host;
  std::string machine = name.machine;
  if (machine.rfind("armv", 0) == 0 && machine.size() > 4) {
    host.architecture = "arm";
    host.variant = fmt::format("v{}", machine[4]);
  } else if (machine == "i486" || machine == "i586" || machine == "i686") {
    host.architecture = "386";
  } else if (machine == "loongarch64") {
    host.architecture = "loong64";
  } else {
    host.architecture = machine;
  }
  return normalize(host);
}

int match_score(const Platform& wanted, const Platform& candidate) {
  Platform asked = normalize(wanted);
  Platform offered = normalize(candidate);
  if (asked.os != offered.os || asked.os.empty() || asked.os == "unknown") return -1;
  if (!has_features(asked, offered) || !same_build(asked.os_version, offered.os_version)) return -1;
  std::vector<Pair> chain = compatible(asked);
  auto found = std::find(chain.begin(), chain.end(), Pair{offered.architecture, offered.variant});
  if (found == chain.end()) return -1;
  return 1000 - static_cast<int>(found - chain.begin());
}

bool can_serve(const Platform& wanted, const Platform& candidate) {
  return match_score(wanted, candidate) >= 0;
}

}  // namespace cooper::oci
