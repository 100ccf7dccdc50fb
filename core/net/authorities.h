// The certificate authorities of one connection as one PEM text, which is how libcurl takes them.
#pragma once

#include <string>
#include <vector>

namespace cooper::net {

// The file with the system's authorities: where libcurl was told to look when it was built or, as a cooper
// that came from elsewhere must, where Debian and Alpine, Red Hat, SUSE and OpenSSL's own default have it. ""
// where there is none. `root` stands for "/".
std::string system_authorities(const std::string& root = "");

// Whether libcurl finds that file unasked.
bool knows_system_authorities();

// The system's authorities, those of `files`, and those of every file in `directories` (separated by ':', as
// in SSL_CERT_DIR; what is missing there is skipped), each certificate once. Throws Error{kUsage} for a file
// that cannot be read or holds no certificate.
std::string read_authorities(const std::vector<std::string>& files, const std::string& directories);

}  // namespace cooper::net
