// What one source says about registries: which names lead elsewhere, and how hosts are spoken to.
//
// A source is the flags, the environment, or a file. Sets are data only; RouteTable weighs them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "access/address_range.h"

namespace cooper::access {

struct Mirror {
  enum class Pulls { kAll, kDigestOnly, kTagOnly };

  std::string place;  // "host[:port][/path]", which stands in for the route's prefix
  Pulls pulls = Pulls::kAll;
};

struct Route {
  std::string prefix;    // "host[:port][/path]", or "*.domain" for any host below a domain
  std::string location;  // what stands in for the prefix, also for pushes; "" for the prefix itself
  bool blocked = false;
  std::string source;           // for errors: "--registry-mirror", "/etc/containers/registries.conf:12"
  std::vector<Mirror> mirrors;  // in the order they are tried
};

struct HostSettings {
  bool plain_http = false;
  bool insecure = false;      // any certificate, or none: https without verification, else plain http
  bool may_be_plain = false;  // plain http, but only where nothing speaks TLS
  bool verify = true;
  std::vector<std::string> ca_files;
  std::string client_cert;
  std::string client_key;
};

// How hosts are spoken to that nobody named.
struct OtherHosts {
  bool may_be_plain = false;
  bool verify = true;
  std::vector<std::string> but;  // hosts that this is not about
};

struct RouteSet {
  std::vector<Route> routes;
  std::map<std::string, HostSettings> hosts;  // by "host[:port]"; "" for every host
  std::vector<AddressRange> insecure_ranges;  // hosts that are insecure by their address

  // The route for exactly this prefix, made when there is none.
  Route& route(const std::string& prefix, const std::string& source);
};

// "[http[s]://]HOST[:PORT][/PATH]" as people write places of registries.
struct Place {
  std::string host;
  std::string name;  // host and path
  bool plain_http = false;
};

// Docker Hub's hosts become "docker.io". Throws Error{kUsage} naming `what` for anything else than a place.
Place parse_place(std::string_view text, const std::string& what);
std::string host_of(std::string_view name);  // what is before the first '/'

}  // namespace cooper::access
