#include "cache/local.h"

#include <cerrno>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "cache/record_file.h"
#include "os/fd.h"

namespace cooper::cache {
LocalBackend::LocalBackend(std::shared_ptr<store::Store> store, std::function<void(const std::string&)> warn)
    : store_(std::move(store)), warn_(std::move(warn)), temporary_(store_->make_temp("records-")) {}

std::string LocalBackend::record_path(const base::Digest& key) const {
  const std::string hex = key.hex();
  return fmt::format("{}/{}/{}.json", store_->records_path(), hex.substr(0, 2), hex);
}

std::string LocalBackend::step_path(const std::string& step_id) const {
  return fmt::format("{}/steps/{}.json", store_->records_path(), base::sha256(step_id).hex());
}

std::vector<std::optional<Record>> LocalBackend::find(const std::vector<base::Digest>& keys,
                                                      const std::stop_token& stop) {
  return find_each(keys, stop, [&](const base::Digest& key) { return find_one(key); });
}

std::optional<Record> LocalBackend::find_one(const base::Digest& key) const {
  const std::string path = record_path(key);
  try {
    return read_record_file(path, key);
  } catch (const base::Error& error) {
    warn_(fmt::format("ignoring the cache record '{}': {}", path, error.summary()));
    // Another process may have replaced it just now; then a good record is lost, which costs time only.
    if (error.kind() == base::ErrorKind::kCorrupt || error.errno_value() == ELOOP) ::unlink(path.c_str());
    return std::nullopt;
  }
}

std::unique_ptr<base::ByteSource> LocalBackend::open_blob(const oci::Descriptor& blob,
                                                          const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  return std::make_unique<os::FileSource>(store_->open_blob(blob.digest), blob.digest.str());
}

void LocalBackend::put(const Record& record, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  const std::string text = record.serialize();
  write(record_path(record.key), text);
  if (record.content_key) write(record_path(*record.content_key), text);
  if (!record.step_id.empty()) write(step_path(record.step_id), text);
}

void LocalBackend::write(const std::string& path, std::string_view text) {
  const std::string draft = fmt::format("{}/{}", temporary_.path(), next_++);
  os::write_file_atomically(draft, text);
  int result = ::rename(draft.c_str(), path.c_str());
  if (result < 0 && errno == ENOENT) {
    os::make_directories(path.substr(0, path.rfind('/')));
    result = ::rename(draft.c_str(), path.c_str());
  }
  base::check(result, "write the cache record", path);
}

std::optional<Record> LocalBackend::last_of_step(const std::string& step_id) const {
  try {
    const std::optional<std::string> text = read_record_text(step_path(step_id));
    if (!text) return std::nullopt;
    Record record = Record::parse(*text);
    if (record.step_id == step_id) return record;
  } catch (const base::Error&) {
    // Only an explanation and a guess at a duration depend on it, and the next put() replaces it.
  }
  return std::nullopt;
}

}  // namespace cooper::cache
