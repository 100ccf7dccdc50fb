#include "sandbox/spec.h"

#include <bit>
#include <limits>
#include <type_traits>

#include "base/error.h"

namespace cooper::sandbox {

namespace {

// Grows with every change of the format, so that a stale reader fails instead of guessing.
constexpr std::uint64_t kFormat = 5;

// One list of fields for both directions: `visit` is a Writer and `value` constant, or a Reader and `value`
// not.
template <typename Visitor, typename Value>
void fields(Visitor& visit, Value& value) {
  using Type = std::remove_const_t<Value>;
  if constexpr (std::is_same_v<Type, OverlayRoot>) {
    visit(value.lower, value.upper, value.work);
  } else if constexpr (std::is_same_v<Type, FarmRoot>) {
    visit(value.directory, value.scratch, value.places);
  } else if constexpr (std::is_same_v<Type, FarmRoot::Place>) {
    visit(value.target, value.path);
  } else if constexpr (std::is_same_v<Type, BindMount>) {
    visit(value.source, value.target, value.read_only, value.path);
  } else if constexpr (std::is_same_v<Type, OverlayMount>) {
    visit(value.lower, value.upper, value.work, value.source, value.target);
  } else if constexpr (std::is_same_v<Type, TmpfsMount>) {
    visit(value.target, value.size, value.mode);
  } else if constexpr (std::is_same_v<Type, FileMount>) {
    visit(value.target, value.content, value.mode, value.uid, value.gid);
  } else {
    static_assert(std::is_same_v<Type, Spec>);
    visit(value.root, value.mounts, value.argv, value.env, value.cwd, value.uid, value.gid, value.groups,
          value.network, value.hostname, value.extra_hosts, value.shm_size, value.ulimits, value.cgroups,
          value.insecure, value.timeout_ms);
  }
}

class Writer {
 public:
  void put(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(value >> shift));
  }
  void put(const std::string& text) {
    put(std::uint64_t{text.size()});
    bytes_ += text;
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    put(std::uint64_t{values.size()});
    for (const auto& value : values) put(value);
  }
  void put(std::uint32_t value) { put(std::uint64_t{value}); }
  void put(std::int64_t value) { put(std::bit_cast<std::uint64_t>(value)); }
  void put(bool value) { put(std::uint64_t{value}); }
  void put(Network value) { put(static_cast<std::uint64_t>(value)); }
  void put(const FarmRoot::Place& place) { fields(*this, place); }
  template <typename... Kinds>
  void put(const std::variant<Kinds...>& value) {
    put(std::uint64_t{value.index()});
    std::visit([this](const auto& held) { fields(*this, held); }, value);
  }
  template <typename... Fields>
  void operator()(const Fields&... values) {
    (put(values), ...);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  void get(std::uint64_t& value) {
    const auto piece = take(8);
    value = 0;
    for (std::size_t index = 8; index-- > 0;) value = value << 8 | static_cast<unsigned char>(piece[index]);
  }
  void get(std::string& text) { text = std::string(take(size())); }
  template <typename T>
  void get(std::vector<T>& values) {
    const std::size_t count = size();
    values.clear();
    for (std::size_t index = 0; index < count; ++index) get(values.emplace_back());
  }
  void get(std::uint32_t& value) {
    value = static_cast<std::uint32_t>(up_to(std::numeric_limits<std::uint32_t>::max()));
  }
  void get(std::int64_t& value) {
    value = std::bit_cast<std::int64_t>(up_to(std::numeric_limits<std::uint64_t>::max()));
  }
  void get(bool& value) { value = up_to(1) == 1; }
  void get(Network& value) { value = up_to(1) == 1 ? Network::kNone : Network::kHost; }
  void get(FarmRoot::Place& place) { fields(*this, place); }
  void get(StepRoot& root) {
    if (up_to(1) == 0) {
      fields(*this, root.emplace<OverlayRoot>());
    } else {
      fields(*this, root.emplace<FarmRoot>());
    }
  }
  void get(MountOp& op) {
    switch (up_to(std::variant_size_v<MountOp> - 1)) {
      case 0:
        return get_as<BindMount>(op);
      case 1:
        return get_as<OverlayMount>(op);
      case 2:
        return get_as<TmpfsMount>(op);
      default:
        return get_as<FileMount>(op);
    }
  }
  template <typename... Fields>
  void operator()(Fields&... values) {
    (get(values), ...);
  }
  std::uint64_t up_to(std::uint64_t limit) {
    std::uint64_t value = 0;
    get(value);
    if (value > limit) fail();
    return value;
  }
  void expect_end() const {
    if (!rest_.empty()) fail();
  }

 private:
  [[noreturn]] static void fail() {
    throw base::Error(base::ErrorKind::kInternal, "a sandbox specification is malformed");
  }
  // A count or length: every element takes at least one byte, so a larger one is a lie.
  std::size_t size() { return static_cast<std::size_t>(up_to(rest_.size())); }
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) fail();
    const auto piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }
  template <typename Mount>
  void get_as(MountOp& op) {
    fields(*this, op.emplace<Mount>());
  }

  std::string_view rest_;
};

}  // namespace

std::string Spec::serialize() const {
  Writer writer;
  writer.put(kFormat);
  fields(writer, *this);
  return writer.take();
}

Spec Spec::parse(const std::string& bytes) {
  Reader reader(bytes);
  if (reader.up_to(std::numeric_limits<std::uint64_t>::max()) != kFormat) {
    throw base::Error(base::ErrorKind::kInternal, "a sandbox specification has another version's format");
  }
  Spec spec;
  fields(reader, spec);
  reader.expect_end();
  return spec;
}

}  // namespace cooper::sandbox
