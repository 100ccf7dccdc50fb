#include "cloud/timestamp.h"

#include <array>
#include <ctime>
#include <fmt/format.h>

namespace cooper::cloud {

namespace {

constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::tm calendar(TimePoint time) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

// "Z", "+01:00" or "-0130" as seconds east of Greenwich.
std::optional<long> offset_of(std::string zone) {
  if (zone == "Z" || zone == "z") return 0;
  if (zone.size() == 6 && zone[3] == ':') zone.erase(3, 1);
  bool valid = zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') &&
               zone.find_first_not_of("0123456789", 1) == std::string::npos;
  if (!valid) return std::nullopt;
  long seconds = std::stol(zone.substr(1, 2)) * 3600 + std::stol(zone.substr(3)) * 60;
  return zone[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::string compact_timestamp(TimePoint time) {
  std::tm t = calendar(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                     t.tm_min, t.tm_sec);
}

std::string http_timestamp(TimePoint time) {
  // strftime would write the names in the locale's language.
  std::tm t = calendar(time);
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(static_cast<std::size_t>(t.tm_wday)), t.tm_mday,
      kMonths.at(static_cast<std::size_t>(t.tm_mon)), t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

std::optional<TimePoint> parse_timestamp(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    do ++rest;
    while (*rest >= '0' && *rest <= '9');
  }
  std::optional<long> offset = offset_of(rest);
  if (!offset) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts) - *offset);
}

}  // namespace cooper::cloud
