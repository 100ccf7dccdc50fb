#include "adapters/record_reader.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "adapters/repository_url.h"
#include "base/error.h"
#include "base/text.h"
#include "cloud/timestamp.h"
#include "net/redact.h"
#include "oci/reference.h"

namespace cooper::adapters {
namespace {

constexpr std::size_t kLongestShown = 120;
constexpr std::size_t kLongestChange = 12;
constexpr int kLargestPort = 65535;
constexpr std::int64_t kLatest = 253'402'300'799;  // the end of the year 9999

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return base::hex_value(c) >= 0; });
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What `git check-ref-format` allows, nearly.
bool is_ref_name(std::string_view name) {
  const auto is_bad = [](char c) {
    return is_control(c) || std::string_view(" ~^:?*[\\").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.front() != '-' && name.find("..") == std::string_view::npos &&
         std::none_of(name.begin(), name.end(), is_bad);
}

// One line, without blanks at its ends and control characters.
std::string one_line(std::string_view text) {
  std::string line(base::trim(text));
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  return line;
}

std::string shown(std::string_view value) {
  std::string line = one_line(net::redact_url(value));
  if (line.size() > kLongestShown) line = line.substr(0, kLongestShown) + "…";
  return line;
}

}  // namespace

bool is_full_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && is_hex(text);
}

bool is_commit_beginning(std::string_view text) {
  return text.size() >= 7 && text.size() <= 64 && is_hex(text);
}

GitRef parse_ref(std::string text) {
  if (const std::size_t caret = text.find("^{"); caret != std::string::npos) text.erase(caret);
  const auto rest_after = [&](std::string_view beginning) {
    return text.starts_with(beginning) ? text.substr(beginning.size()) : std::string();
  };
  for (const char* beginning : {"refs/heads/", "refs/remotes/origin/"}) {
    if (std::string name = rest_after(beginning); !name.empty()) return {GitRef::Kind::kBranch, name};
  }
  if (std::string name = rest_after("refs/tags/"); !name.empty()) return {GitRef::Kind::kTag, name};
  for (const char* beginning : {"refs/pull/", "refs/merge-requests/"}) {
    const std::string rest = rest_after(beginning);
    const std::string number = rest.substr(0, rest.find('/'));
    if (is_digits(number)) return {GitRef::Kind::kChange, number};
  }
  return {GitRef::Kind::kUnknown, text};
}

std::string checked_image_base(std::string_view text, std::string& problem) {
  std::string whole = base::to_lower(base::trim(base::trim(text), "/"));
  const std::string host = whole.substr(0, whole.find('/'));
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    const auto port = number_of(std::string_view(host).substr(colon + 1));
    if (!port || *port < 1 || *port > kLargestPort) {
      problem = fmt::format("has the port '{}', which is none", host.substr(colon + 1));
      return "";
    }
  }
  try {
    const oci::Reference name = oci::Reference::parse(whole);
    if (!name.host_was_explicit) {
      problem = "names no registry";
    } else if (name.digest || whole.find(':', host.size()) != std::string::npos) {
      problem = "has a tag or a digest";
    } else {
      return whole;
    }
  } catch (const base::Error&) {
    problem = "is no name of an image";
  }
  return "";
}

RecordReader::RecordReader(const Job& job, std::string ci, std::string setting)
    : job_(job), setting_(std::move(setting)) {
  record_.ci = std::move(ci);
}

std::string RecordReader::find(const Names& names) {
  for (const std::string& name : names) {
    if (std::string value = variables().get(name); !value.empty()) {
      found_ = name;
      return value;
    }
  }
  found_.clear();
  return "";
}

void RecordReader::note(std::string_view name) {
  record_.origins[std::string(name)] = found_;
}

void RecordReader::refuse(const std::string& variable, const std::string& problem) const {
  throw base::Error(base::ErrorKind::kUsage,
                    fmt::format("{} '{}' {}", variable, shown(variables().get(variable)), problem))
      .hint(fmt::format("look for {} in {}", variable, setting_));
}

void RecordReader::set(std::string Record::*field, std::string_view name, std::string value,
                       const std::string& from) {
  value = one_line(value);
  if (value.empty()) return;
  record_.*field = std::move(value);
  record_.origins[std::string(name)] = from;
}

void RecordReader::text(std::string Record::*field, std::string_view name, const Names& names) {
  const std::string value = find(names);
  set(field, name, value, found_);
}

void RecordReader::commit(std::string Record::*field, std::string_view name, const Names& names) {
  const std::string value = find(names);
  if (value.empty()) return;
  if (!is_full_commit(value)) refuse(found_, "is no commit: it needs 40 or 64 hexadecimal digits");
  set(field, name, base::to_lower(value), found_);
}

void RecordReader::ref(std::string Record::*field, std::string_view name, const Names& names) {
  const std::string value = find(names);
  if (value.empty()) return;
  if (!is_ref_name(value)) refuse(found_, "is no name of a branch or tag");
  set(field, name, value, found_);
}

void RecordReader::change(const Names& names) {
  const std::string value = find(names);
  if (!value.empty()) parsed_ref({GitRef::Kind::kChange, value}, found_);
}

void RecordReader::parsed_ref(const GitRef& ref, const std::string& from) {
  if (ref.kind == GitRef::Kind::kUnknown) return;
  if (ref.kind == GitRef::Kind::kChange) {
    if (!is_digits(ref.name) || ref.name.size() > kLongestChange) refuse(from, "is no number of a change");
    return set(&Record::change, "change", ref.name, from);
  }
  if (!is_ref_name(ref.name)) refuse(from, "is no name of a branch or tag");
  if (ref.kind == GitRef::Kind::kBranch) return set(&Record::branch, "branch", ref.name, from);
  set(&Record::tag, "tag", ref.name, from);
}

void RecordReader::repository_url(const Names& names) {
  Names all = {"COOPER_REPOSITORY_URL"};
  all.insert(all.end(), names.begin(), names.end());
  const std::string value = find(all);
  if (value.empty()) return;
  const std::string url = web_url(value);
  // A path or file:// names no other host, which is fine; an address that does not parse is not.
  if (url.empty() && (value.starts_with("http") || value.find('@') != std::string::npos))
    refuse(found_, "is no address of a repository");
  set(&Record::repository_url, "repository_url", url, found_);
  if (record_.repository_path.empty())
    set(&Record::repository_path, "repository_path", path_of_repository(url), found_);
}

void RecordReader::run_url(const Names& names) {
  const std::string value = find(names);
  if (value.empty()) return;
  const bool is_web = value.starts_with("http://") || value.starts_with("https://");
  if (!is_web || value != one_line(value)) refuse(found_, "is no http or https URL");
  set(&Record::run_url, "run_url", net::redact_url(value), found_);
}

void RecordReader::workspace(const Names& names, const std::string& otherwise) {
  Names all = {"COOPER_WORKSPACE"};
  all.insert(all.end(), names.begin(), names.end());
  std::string value = find(all);
  if (value.empty()) {
    record_.workspace = otherwise;
    return;
  }
  if (value == "~" || value.starts_with("~/")) {
    const std::string home = variables().get("HOME");
    if (home.empty()) refuse(found_, "begins with '~', and there is no HOME");
    value.replace(0, 1, home);
  }
  const bool is_path = value.starts_with('/') && value == one_line(value);
  if (!is_path) refuse(found_, "is no absolute path");
  while (value.size() > 1 && value.ends_with('/')) value.pop_back();
  set(&Record::workspace, "workspace", value, found_);
}

void RecordReader::image_base(const Names& names) {
  Names all = {"COOPER_IMAGE_BASE"};
  all.insert(all.end(), names.begin(), names.end());
  const std::string value = find(all);
  if (value.empty()) return;
  std::string problem;
  std::string base = checked_image_base(value, problem);
  if (base.empty()) refuse(found_, problem);
  set(&Record::image_base, "image_base", std::move(base), found_);
}

void RecordReader::time(std::optional<std::int64_t> Record::*field, std::string_view name, const Names& names,
                        std::int64_t per_second) {
  const std::string value = find(names);
  if (value.empty()) return;
  if (const auto number = number_of(value)) {
    if (*number < 0 || *number / per_second > kLatest) refuse(found_, "is no time");
    record_.*field = *number / per_second;
  } else if (const auto point = cloud::parse_timestamp(value)) {
    record_.*field = std::chrono::duration_cast<std::chrono::seconds>(point->time_since_epoch()).count();
  } else {
    refuse(found_, "is no time");
  }
  note(name);
}

void RecordReader::flag(std::optional<bool> Record::*field, std::string_view name, const Names& names) {
  const std::string value = base::to_lower(find(names));
  if (value.empty()) return;
  const bool is_true = value == "true" || value == "1";
  if (!is_true && value != "false" && value != "0") refuse(found_, "is neither true nor false");
  record_.*field = is_true;
  note(name);
}

Record RecordReader::finish() {
  const auto is_said = [&](const char* name) {
    const std::string value = base::to_lower(variables().get(name));
    if (!value.empty() && value != "true" && value != "false" && value != "1" && value != "0")
      refuse(name, "is neither true nor false");
    return value == "true" || value == "1";
  };
  ref(&Record::default_branch, "default_branch", {"COOPER_DEFAULT_BRANCH"});
  if (variables().has("COOPER_CHANGE")) change({"COOPER_CHANGE"});
  ref(&Record::change_target, "change_target", {"COOPER_CHANGE_TARGET"});
  flag(&Record::on_default_branch, "on_default_branch", {"COOPER_ON_DEFAULT_BRANCH"});
  flag(&Record::is_trusted, "is_trusted", {"COOPER_TRUSTED"});
  record_.is_fork = record_.is_fork || is_said("COOPER_FORK");
  record_.is_scheduled = record_.is_scheduled || is_said("COOPER_SCHEDULED");
  decide_default_branch(record_);
  return record_;
}

void decide_default_branch(Record& record) {
  if (record.is_change() || !record.tag.empty()) {
    record.on_default_branch = false;
  } else if (!record.on_default_branch && !record.branch.empty() && !record.default_branch.empty()) {
    record.on_default_branch = record.branch == record.default_branch;
  }
}

}  // namespace cooper::adapters
