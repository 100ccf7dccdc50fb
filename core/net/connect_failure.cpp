#include "net/connect_failure.h"

namespace cooper::net {

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

ConnectFailure connect_failure(CURLcode code, std::string_view reason) {
  if (code == CURLE_PEER_FAILED_VERIFICATION && has(reason, "name"))
    return {true, "use the name that the certificate is for, or have the host's certificate renewed"};
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return {true, "give the authority that signed it, as --registry-ca HOST=FILE or in $SSL_CERT_FILE"};
  if (code == CURLE_SSL_CONNECT_ERROR && has(reason, "wrong version number"))
    return {true, "if this host speaks plain http, say so with --registry-insecure HOST"};
  // TLS 1.3 servers say so after the handshake, when the first answer is awaited (RFC 8446, section 4.4.2.4).
  if (has(reason, "certificate required") || has(reason, "alert bad certificate") ||
      has(reason, "alert handshake failure"))
    return {true,
            "if this host wants a client certificate, give it with --registry-client-cert HOST=CERT,KEY"};
  if (code == CURLE_SSL_CACERT_BADFILE)
    return {
        true,
        "install this system's certificate authorities (ca-certificates), or name a file in $SSL_CERT_FILE"};
  if (code == CURLE_SSL_CERTPROBLEM)
    return {true, "check that the client certificate and its key are PEM files and belong together"};
  if (has(reason, "407 from proxy") || has(reason, "tunnel failed, response 407"))
    return {true, "check the user and the password of the proxy in https_proxy or http_proxy"};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {false, "check the host's name, and the name servers of this machine"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {false, "check the proxy in http_proxy and https_proxy"};
    case CURLE_COULDNT_CONNECT:
      return {false, "check the host's name and port, and whether a firewall or a proxy stands in between"};
    default:
      return {};
  }
}

}  // namespace cooper::net
