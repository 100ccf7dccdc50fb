#include "access/registries_conf.h"

#include <fmt/format.h>

namespace cooper::access {

namespace {

const std::set<std::string> kTopKeys = {"registry",           "unqualified-search-registries",
                                        "short-name-mode",    "aliases",
                                        "credential-helpers", "additional-layer-store-auth-helper"};
const std::set<std::string> kRegistryKeys = {"prefix",  "location", "insecure",
                                             "blocked", "mirror",   "mirror-by-digest-only"};
const std::set<std::string> kMirrorKeys = {"location", "insecure", "pull-from-mirror"};

class Reader {
 public:
  Reader(const TomlDocument& document, RouteSet& set, const Note& note)
      : document_(document), set_(set), note_(note) {}

  void read() {
    if (const TomlValue* old = document_.root().find("registries")) {
      throw document_.error(*old, "this is version 1 of registries.conf, which is not read any more")
          .hint("write [[registry]] tables as containers-registries.conf(5) has them");
    }
    document_.tell_unknown(document_.root(), kTopKeys, note_);
    for (const TomlValue* table : document_.tables(document_.root(), "registry")) read_registry(*table);
  }

 private:
  std::string where(const TomlValue& value) const {
    return fmt::format("{}:{}", document_.path(), value.line);
  }

  Place place(const TomlValue& table, const std::string& text) const {
    return parse_place(text, where(table));
  }

  std::string prefix_of(const TomlValue& table, const std::string& text) const {
    if (!text.starts_with("*.")) return place(table, text).name;
    if (text.find('/') != std::string::npos)
      throw document_.error(table, fmt::format("prefix '{}' has both a wildcard and a path", text));
    return "*." + place(table, text.substr(2)).name;
  }

  void read_registry(const TomlValue& table) {
    document_.tell_unknown(table, kRegistryKeys, note_);
    const std::string prefix = document_.text(table, "prefix");
    const std::string location = document_.text(table, "location");
    if (prefix.empty() && location.empty())
      throw document_.error(table, "a [[registry]] needs a prefix or a location");
    Route& route = set_.route(prefix_of(table, prefix.empty() ? location : prefix), "");
    route.source = where(table);
    route.location = location.empty() ? "" : place(table, location).name;
    route.blocked = document_.boolean(table, "blocked");
    route.mirrors.clear();
    if (document_.boolean(table, "insecure")) set_insecure(table, location.empty() ? prefix : location);
    read_mirrors(table, route);
  }

  void set_insecure(const TomlValue& table, const std::string& name) {
    if (name.starts_with("*."))
      throw document_.error(table, fmt::format("'{}' cannot be insecure as a whole", name))
          .hint("name the hosts that are, one [[registry]] each");
    set_.hosts[place(table, name).host].insecure = true;
  }

  void read_mirrors(const TomlValue& table, Route& route) {
    const bool by_digest = document_.boolean(table, "mirror-by-digest-only");
    for (const TomlValue* entry : document_.tables(table, "mirror")) {
      document_.tell_unknown(*entry, kMirrorKeys, note_);
      const std::string location = document_.text(*entry, "location");
      if (location.empty()) throw document_.error(*entry, "a [[registry.mirror]] needs a location");
      Mirror mirror;
      mirror.place = place(*entry, location).name;
      mirror.pulls = pulls_of(*entry, by_digest);
      if (document_.boolean(*entry, "insecure")) set_insecure(*entry, location);
      route.mirrors.push_back(std::move(mirror));
    }
  }

  Mirror::Pulls pulls_of(const TomlValue& mirror, bool by_digest) const {
    const std::string pulls = document_.text(mirror, "pull-from-mirror");
    if (pulls.empty()) return by_digest ? Mirror::Pulls::kDigestOnly : Mirror::Pulls::kAll;
    if (by_digest)
      throw document_.error(mirror, "pull-from-mirror contradicts the registry's mirror-by-digest-only")
          .hint("keep one of the two");
    if (pulls == "all") return Mirror::Pulls::kAll;
    if (pulls == "digest-only") return Mirror::Pulls::kDigestOnly;
    if (pulls == "tag-only") return Mirror::Pulls::kTagOnly;
    throw document_.error(mirror, fmt::format("pull-from-mirror cannot be '{}'", pulls))
        .hint("use one of all, digest-only, tag-only");
  }

  const TomlDocument& document_;
  RouteSet& set_;
  const Note& note_;
};

}  // namespace

void add_registries_conf(const TomlDocument& document, RouteSet& set, const Note& note) {
  Reader(document, set, note).read();
}

}  // namespace cooper::access
