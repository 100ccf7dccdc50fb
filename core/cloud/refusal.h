// What a cloud service says when it refuses: AWS and Azure in XML, Google and every token server in JSON.
#pragma once

#include <string>

#include "net/http.h"

namespace cooper::cloud {

struct Refusal {
  int status = 0;
  std::string code;     // the service's own: "NoSuchKey", "invalid_grant"; "" when it gave none
  std::string message;  // one printable line, "" when it gave none
};

Refusal read_refusal(const net::Response& response);
// "403 AccessDenied: Access Denied". Of the body only code and message: the rest may repeat what was signed.
std::string refusal_text(const net::Response& response);

}  // namespace cooper::cloud
