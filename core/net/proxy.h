// Which proxy a request goes through.
#pragma once

#include <string>

#include "net/http.h"

namespace cooper::net {

// The proxy for `url`, "" for none: loopback and link-local hosts are never asked for through one. libcurl
// weighs options.no_proxy.
std::string proxy_for(const std::string& url, const ClientOptions& options);
// Throws Error{kUsage} for a proxy that libcurl would not understand, without its user and password.
void check_proxies(const ClientOptions& options);

}  // namespace cooper::net
