#include "registry/paging.h"

#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "net/url.h"

namespace cooper::registry {

namespace {

// A list that goes on after so many pages has no end.
constexpr std::size_t kMostPages = 10'000;

// The target of 'Link: <target>; rel="next"', RFC 8288; "" on the last page.
std::string next_page(const net::Response& response) {
  const std::string* link = response.header("link");
  if (link == nullptr || link->find("rel=\"next\"") == std::string::npos) return {};
  const std::size_t begin = link->find('<');
  const std::size_t end = link->find('>', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return link->substr(begin + 1, end - begin - 1);
}

}  // namespace

bool for_each_page(Transport& transport, Call call, const std::function<void(const net::Response&)>& on_page,
                   const std::stop_token& stop) {
  std::set<std::string> asked;
  while (asked.insert(call.http.url).second) {
    if (asked.size() > kMostPages) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("{} of '{}': registry '{}' has more than {} pages", call.what,
                                    call.repository.name(), call.repository.host, kMostPages));
    }
    net::Response response = transport.send(call, stop);
    if (response.status == 404) return asked.size() > 1;
    if (response.status != 200) transport.refuse(call, response);
    on_page(response);
    const std::string next = next_page(response);
    if (next.empty()) break;
    call.http.url = net::resolve_url(response.effective_url, next);
  }
  return true;
}

}  // namespace cooper::registry
