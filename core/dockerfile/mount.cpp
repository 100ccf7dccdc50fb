// RUN --mount: one CSV record of key=value pairs, read left to right.
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/instruction.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

base::Error failure(const std::string& message) {
  return {base::ErrorKind::kDockerfile, message};
}

constexpr std::array<const char*, 5> kTypeNames = {"bind", "cache", "tmpfs", "secret", "ssh"};

bool takes_required(MountType type) {
  return type == MountType::kSecret || type == MountType::kSsh;
}

[[noreturn]] void unexpected(const std::string& key, const std::string& field, MountType type) {
  throw failure(fmt::format("'{}' is not for a mount of type {}", field, mount_type_name(type)))
      .hint(key == "size" ? "name the type before it; only tmpfs takes a size"
                          : "name the type before it; only secret and ssh can be required");
}

MountType read_type(const std::string& value, const std::string& field) {
  std::vector<std::string> names(kTypeNames.begin(), kTypeNames.end());
  std::string lower = base::to_lower(value);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == lower) return static_cast<MountType>(i);
  }
  throw failure(fmt::format("'{}' is no type of mount", field))
      .hint(did_you_mean(value, names, "use bind, cache, tmpfs, secret or ssh"));
}

std::uint32_t read_number(const std::string& field, const std::string& value, int base) {
  std::uint32_t number = 0;
  auto parsed = std::from_chars(value.data(), value.data() + value.size(), number, base);
  if (value.empty() || parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) {
    throw failure(fmt::format("'{}' is not {}", field, base == 8 ? "an octal number" : "a number"));
  }
  return number;
}

bool read_bool(const std::string& field, const std::string& value) {
  bool result = false;
  if (!parse_bool(value, result)) throw failure(fmt::format("'{}' is neither true nor false", field));
  return result;
}

std::string read_sharing(const std::string& value, const std::string& field) {
  std::string lower = base::to_lower(value);
  if (lower == "shared" || lower == "private" || lower == "locked") return lower;
  throw failure(fmt::format("'{}' is no way of sharing", field))
      .hint(did_you_mean(value, {"shared", "private", "locked"}, "use shared, private or locked"));
}

[[noreturn]] void unknown_key(const std::string& key, const std::string& field) {
  static const std::vector<std::string> kKeys = {
      "type", "from", "source", "target", "readonly",    "id", "sharing", "required",  "size", "mode",
      "uid",  "gid",  "src",    "dst",    "destination", "ro", "rw",      "readwrite", "env"};
  base::Error error = failure(fmt::format("unknown key in '{}'", field));
  std::string near = suggest(key, kKeys, true);
  if (!near.empty()) error.hint(fmt::format("did you mean '{}'?", near));
  throw error;
}

class MountReader {
 public:
  explicit MountReader(WordExpander* expander) : expander_(expander) {}

  void read(const std::string& field) {
    std::size_t equals = field.find('=');
    std::string key = base::to_lower(field.substr(0, equals));
    if (equals == std::string::npos) {
      if (expander_ != nullptr) flag(key, field);
      return;
    }
    std::string value = field.substr(equals + 1);
    if (expander_ != nullptr) {
      pair(key, expander_->expand_word(value), field);
    } else if (key == "from") {
      std::size_t dollar = value.find('$');
      if (dollar != std::string::npos && dollar + 1 < value.size()) {
        throw failure(fmt::format("'{}' holds a variable, which from= does not take", field))
            .hint("define a stage with FROM and name that");
      }
      mount_.from = value;
    }
  }

  RunMount finish() {
    if (automatic_) mount_.read_only = mount_.type != MountType::kCache && mount_.type != MountType::kTmpfs;
    validate();
    return std::move(mount_);
  }

 private:
  void flag(const std::string& key, const std::string& field) {
    if (key == "readonly" || key == "ro") {
      set_read_only(true);
    } else if (key == "readwrite" || key == "rw") {
      set_read_only(false);
    } else if (key == "required") {
      if (!takes_required(mount_.type)) unexpected(key, field, mount_.type);
      mount_.required = true;
    } else {
      throw failure(fmt::format("'{}' of a mount has no value", field))
          .hint(fmt::format("write it as {}=value", field));
    }
  }

  void set_read_only(bool value) {
    mount_.read_only = value;
    automatic_ = false;
  }

  void pair(const std::string& key, const std::string& value, const std::string& field) {
    if (key == "type") {
      mount_.type = read_type(value, field);
    } else if (key == "from") {
      mount_.from = value;
    } else if (key == "source" || key == "src") {
      mount_.source = value;
    } else if (key == "target" || key == "dst" || key == "destination") {
      mount_.target = value;
    } else if (key == "readonly" || key == "ro") {
      set_read_only(read_bool(field, value));
    } else if (key == "readwrite" || key == "rw") {
      set_read_only(!read_bool(field, value));
    } else if (key == "required") {
      if (!takes_required(mount_.type)) unexpected(key, field, mount_.type);
      mount_.required = read_bool(field, value);
    } else if (key == "size") {
      if (mount_.type != MountType::kTmpfs) unexpected(key, field, mount_.type);
      mount_.size = parse_size(value);
    } else if (key == "id") {
      mount_.id = value;
    } else if (key == "sharing") {
      mount_.sharing = read_sharing(value, field);
    } else if (key == "mode") {
      mount_.mode = read_number(field, value, 8);
    } else if (key == "uid") {
      mount_.uid = read_number(field, value, 10);
    } else if (key == "gid") {
      mount_.gid = read_number(field, value, 10);
    } else if (key == "env") {
      mount_.env = value;
    } else {
      unknown_key(key, field);
    }
  }

  [[noreturn]] void not_allowed(const char* key) const {
    throw failure(
        fmt::format("'{}' is not allowed for a mount of type {}", key, mount_type_name(mount_.type)))
        .hint("remove it");
  }

  void validate() const {
    bool has_owner = mount_.type != MountType::kBind && mount_.type != MountType::kTmpfs;
    if (!has_owner && mount_.mode) not_allowed("mode");
    if (!has_owner && mount_.uid) not_allowed("uid");
    if (!has_owner && mount_.gid) not_allowed("gid");
    if (mount_.type == MountType::kSecret && expander_ != nullptr) validate_secret();
    if (!mount_.sharing.empty() && mount_.type != MountType::kCache) not_allowed("sharing");
  }

  void validate_secret() const {
    if (!mount_.from.empty()) not_allowed("from");
    if (mount_.source.empty() && mount_.target.empty() && mount_.id.empty()) {
      throw failure("--mount of type secret names no secret").hint("give it an id or a target");
    }
    if (!mount_.source.empty() && !mount_.id.empty())
      throw failure("--mount of type secret has both 'source' and 'id'").hint("give one of them");
  }

  WordExpander* expander_;
  RunMount mount_;
  bool automatic_ = true;
};

}  // namespace

const char* mount_type_name(MountType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::vector<std::string> csv_fields(std::string_view text) {
  if (text.empty()) throw failure("CSV record is empty");
  std::vector<std::string> fields(1);
  bool quoted = false;
  bool at_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        fields.back() += text[++i];
      } else if (i + 1 < text.size() && text[i + 1] != ',') {
        throw failure(fmt::format("CSV record '{}' has text after a closing quote", text));
      } else {
        quoted = false;
      }
    } else if (c == ',') {
      fields.emplace_back();
      at_start = true;
      continue;
    } else if (c == '"') {
      if (!at_start) throw failure(fmt::format("CSV record '{}' has a quote inside a field", text));
      quoted = true;
    } else {
      fields.back() += c;
    }
    at_start = false;
  }
  if (quoted) throw failure(fmt::format("CSV record '{}' has an unterminated quote", text));
  return fields;
}

RunMount parse_mount(const std::string& text, WordExpander* expander) {
  MountReader reader(expander);
  for (const std::string& field : csv_fields(text)) reader.read(field);
  return reader.finish();
}

}  // namespace cooper::dockerfile
