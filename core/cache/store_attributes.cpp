#include "cache/store_attributes.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "net/redact.h"
#include "net/url.h"

namespace cooper::cache {

namespace {

base::Error usage(const std::string& message) {
  return {base::ErrorKind::kUsage, message};
}

}  // namespace

StoreAttributes::StoreAttributes(std::string type, const Attributes& given,
                                 const std::vector<std::string>& known, const Attributes& foreign)
    : type_(std::move(type)), given_(given) {
  for (const auto& [name, value] : given_) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (auto found = foreign.find(name); found != foreign.end()) {
      throw usage(fmt::format("the attribute '{}' of type={} has no meaning for cooper", name, type_))
          .hint(found->second);
    }
    throw usage(fmt::format("type={} has no attribute '{}'", type_, name))
        .hint(fmt::format("use one of {}", base::join(known, ", ")));
  }
}

std::string StoreAttributes::text(const std::string& name, const std::string& fallback) const {
  auto found = given_.find(name);
  return found == given_.end() ? fallback : found->second;
}

std::string StoreAttributes::required(const std::string& name, const std::string& example) const {
  std::string value = text(name);
  if (value.empty())
    throw usage(fmt::format("type={} needs the attribute '{}'", type_, name)).hint("add " + example);
  return value;
}

bool StoreAttributes::flag(const std::string& name) const {
  std::string value = base::to_lower(text(name, "false"));
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  throw usage(fmt::format("'{}' is no value for the attribute '{}' of type={}", value, name, type_))
      .hint("use true or false");
}

int StoreAttributes::number(const std::string& name, int fallback, int most) const {
  std::string value = text(name);
  if (value.empty()) return fallback;
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < 1 || number > most) {
    throw usage(fmt::format("'{}' is no value for the attribute '{}' of type={}", value, name, type_))
        .hint(fmt::format("use a number from 1 to {}", most));
  }
  return number;
}

std::string StoreAttributes::prefix() const {
  std::string folder(base::trim(text("prefix"), "/"));
  for (const std::string& segment : base::split(folder, '/')) {
    // libcurl resolves these, and the request would no longer be the one that was signed.
    if (segment == "." || segment == "..")
      throw usage(fmt::format("the prefix '{}' of type={} contains '{}'", folder, type_, segment));
  }
  return folder.empty() ? folder : folder + "/";
}

std::string StoreAttributes::url(const std::string& name) const {
  std::string value = text(name);
  if (value.empty()) return value;
  try {
    net::origin_of(value);
  } catch (const base::Error&) {
    throw usage(fmt::format("the attribute '{}' of type={} is no http or https url: '{}'", name, type_,
                            net::redact_url(value)));
  }
  while (value.back() == '/') value.pop_back();
  return value;
}

}  // namespace cooper::cache
