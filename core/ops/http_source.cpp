#include "ops/http_source.h"

#include <fmt/format.h>

#include "base/encoder.h"
#include "base/error.h"
#include "base/text.h"
#include "net/redact.h"
#include "net/url.h"

namespace cooper::ops {
namespace {

using base::Error;
using base::ErrorKind;
using snapshot::Entry;

constexpr std::size_t kLargestRecord = 64 << 10;
constexpr int kNotModified = 304;
constexpr int kPartial = 206;

// One blob of the store under a name of its own.
class HttpTree final : public snapshot::TreeView {
 public:
  HttpTree(std::shared_ptr<store::Store> store, std::string name, const HttpRecord& file)
      : store_(std::move(store)) {
    file_.path = std::move(name);
    file_.mode = 0600;
    file_.mtime = file.last_modified.value_or(0);
    file_.size = file.size;
    file_.content = file.digest;
  }

  std::optional<Entry> lookup(const std::string& path) const override {
    if (path == file_.path) return file_;
    if (!path.empty()) return std::nullopt;
    Entry root;
    root.type = snapshot::EntryType::kDirectory;
    root.mode = 0755;
    return root;
  }
  std::vector<Entry> list(const std::string& path) const override {
    if (!path.empty()) return {};
    return {file_};
  }
  os::Fd open(const std::string& path) const override {
    if (path != file_.path) throw base::os_error(ENOENT, "open", path);
    return store_->open_blob(file_.content);
  }
  base::Digest content_digest(const Entry&) const override { return file_.content; }
  std::string link_group(const Entry&) const override { return {}; }

 private:
  std::shared_ptr<store::Store> store_;
  Entry file_;
};

bool is_success(int status) {
  return status >= 200 && status < 300 && status != kPartial;
}

[[noreturn]] void refuse(const std::string& url, int status) {
  bool credentials = status == 401 || status == 403;
  Error error(credentials ? ErrorKind::kAuth : ErrorKind::kContext,
              fmt::format("cannot fetch '{}': the server answered {}", net::redact_url(url), status));
  if (credentials) {
    std::string host = net::origin_of(url).host;
    error.hint(fmt::format("give what the server wants as --secret id=HTTP_AUTH_TOKEN_{},src=FILE", host));
  } else if (status == 404 || status == 410) {
    error.hint("check the URL");
  }
  throw error;
}

[[noreturn]] void mismatch(const std::string& url, const base::Digest& actual, const base::Digest& expected) {
  throw Error(ErrorKind::kCorrupt, fmt::format("'{}' has the digest '{}', not '{}'", net::redact_url(url),
                                               actual.str(), expected.str()))
      .hint("correct --checksum, or find out why the file is another one");
}

bool is_intact(const store::Store& store, const HttpRecord& file) {
  if (!store.has_blob(file.digest, file.size)) return false;
  os::Fd blob = store.open_blob(file.digest);
  os::FdSource source(blob.get(), file.digest.str());
  base::HashingSink hash;
  base::copy_all(source, hash);
  return hash.digest() == file.digest;
}

// A header's value out of a secret: files end in line breaks.
std::string header_value(std::string_view secret, const std::string& id) {
  std::string_view value = base::trim(secret);
  if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) return std::string(value);
  throw Error(ErrorKind::kUsage, fmt::format("secret '{}' has more than one line", id))
      .hint("give the value of one Authorization header");
}

}  // namespace

// `mutex` is held while the URL is asked for: others that want it wait, and find it answered.
struct HttpSources::Location {
  explicit Location(const graph::HttpSource& source) : url(source.url), checksum(source.checksum) {}

  const std::string url;
  const std::optional<base::Digest> checksum;
  std::mutex mutex;
  std::optional<HttpRecord> file;
  bool verified = false;  // the store's blob is known to be what `file` says
};

HttpSources::HttpSources(HttpSourceOptions options) : options_(std::move(options)) {}
HttpSources::~HttpSources() = default;

HttpSources::Location& HttpSources::location(const graph::HttpSource& source) {
  return locations_.with([&](auto& locations) -> Location& {
    auto& slot = locations[{source.url, source.checksum}];
    if (slot == nullptr) slot = std::make_unique<Location>(source);
    return *slot;
  });
}

PinnedSource HttpSources::pin(const graph::Op& op, const std::stop_token& stop) {
  const auto& source = std::get<graph::HttpSource>(op);
  PinnedSource pinned;
  base::Digest content;
  if (source.checksum) {
    content = *source.checksum;
  } else {
    Location& place = location(source);
    std::scoped_lock lock(place.mutex);
    ask(place, stop);
    content = place.file->digest;
    pinned.time = place.file->last_modified;
  }
  base::Encoder encoder;
  encoder.field("name", source.filename).field("content", content);
  pinned.identity = encoder.digest();
  return pinned;
}

std::shared_ptr<const snapshot::TreeView> HttpSources::open(const graph::Op& op,
                                                            const std::stop_token& stop) {
  const auto& source = std::get<graph::HttpSource>(op);
  Location& place = location(source);
  std::scoped_lock lock(place.mutex);
  ask(place, stop);
  make_sure(place, stop);
  if (source.checksum && place.file->digest != *source.checksum) {
    mismatch(source.url, place.file->digest, *source.checksum);
  }
  return std::make_shared<HttpTree>(options_.store, source.filename, *place.file);
}

// Fills location.file. What the store has is taken unasked only where a checksum says that it is right.
void HttpSources::ask(Location& location, const std::stop_token& stop) {
  if (location.file) return;
  std::optional<HttpRecord> known = recall(location);
  if (known && known->digest == location.checksum) {
    location.file = known;
    return;
  }
  net::Headers conditions;
  if (known && known->has_validator()) conditions = known->conditions();
  if (fetch(location, conditions, stop)) return;
  location.file = known;
}

// A blob that was damaged since is had anew.
void HttpSources::make_sure(Location& location, const std::stop_token& stop) {
  if (location.verified) return;
  location.verified = is_intact(*options_.store, *location.file);
  if (location.verified) return;
  base::Digest expected = location.file->digest;
  fetch(location, {}, stop);
  base::Digest actual = location.file->digest;
  if (actual == expected) return;
  location.file.reset();
  throw Error(ErrorKind::kContext,
              fmt::format("'{}' changed during the build: it has the digest '{}', not '{}'",
                          net::redact_url(location.url), actual.str(), expected.str()))
      .hint("build again");
}

// False when the server says that the file is the one which `conditions` describe.
bool HttpSources::fetch(Location& location, const net::Headers& conditions, const std::stop_token& stop) {
  std::optional<HttpRecord> fetched;
  auto attempt = [&] {
    std::unique_ptr<net::ResponseStream> stream = options_.client->open(request(location, conditions), stop);
    net::Response response = stream->response();
    if (!is_success(response.status)) return response;
    store::BlobWriter blob = options_.store->begin_blob();
    base::copy_all(*stream, blob);
    std::uint64_t size = blob.size();
    fetched = HttpRecord::of(response, blob.commit(), size);
    return response;
  };
  net::Response response;
  try {
    response = net::send_with_retry(options_.retry, attempt, options_.on_retry, stop);
  } catch (const Error& error) {
    // A URL that cannot be had is no matter of a registry, nor of the command line.
    if (error.kind() != ErrorKind::kRegistry && error.kind() != ErrorKind::kUsage) throw;
    throw Error(ErrorKind::kContext, error.summary()).hint(error.hint());
  }
  if (response.status == kNotModified && !conditions.empty()) return false;
  if (!fetched) refuse(location.url, response.status);
  location.file = std::move(fetched);
  location.verified = true;
  remember(location);
  return true;
}

net::Request HttpSources::request(const Location& location, const net::Headers& conditions) const {
  net::Request request;
  request.url = location.url;
  request.headers = conditions;
  if (!options_.secret) return request;
  const std::string host = net::origin_of(location.url).host;
  const std::string token = "HTTP_AUTH_TOKEN_" + host;
  const std::string header = "HTTP_AUTH_HEADER_" + host;
  if (auto value = options_.secret(token)) {
    request.headers.emplace_back("Authorization", "Bearer " + header_value(*value, token));
  } else if (auto whole = options_.secret(header)) {
    request.headers.emplace_back("Authorization", header_value(*whole, header));
  }
  return request;
}

namespace {

std::string record_path(const store::Store& store, const std::string& url) {
  return store.sources_path() + "/http/" + base::sha256(url).hex();
}

}  // namespace

// What the store knows of the URL, if it still has the file.
std::optional<HttpRecord> HttpSources::recall(const Location& location) const {
  std::string path = record_path(*options_.store, location.url);
  if (!options_.store->use(path)) return std::nullopt;
  std::optional<HttpRecord> record;
  try {
    record = HttpRecord::parse(os::read_file(path, kLargestRecord));
  } catch (const Error&) {
    return std::nullopt;  // unreadable or absurd: the file is fetched again, and the record replaced
  }
  if (record && !options_.store->has_blob(record->digest, record->size)) record.reset();
  return record;
}

void HttpSources::remember(const Location& location) const {
  os::make_directories(options_.store->sources_path() + "/http");
  options_.store->write_file(record_path(*options_.store, location.url), location.file->serialize());
}

}  // namespace cooper::ops
