#include "build/mount_caches.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "build/mount_restore.h"
#include "build/mount_saving.h"
#include "ops/cache_owners.h"
#include "os/file_time.h"

namespace cooper::build {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

snapshot::BlobOpener opener_of(const CacheImport& import) {
  return
      [backend = import.records->shared_backend()](const oci::Descriptor& blob, const std::stop_token& stop) {
        return backend->open_blob(blob, stop);
      };
}

std::vector<std::string> mount_ids(const graph::Definition& definition) {
  std::vector<std::string> ids;
  for (const graph::Vertex& vertex : definition.vertices) {
    const auto* exec = std::get_if<graph::Exec>(&vertex.op);
    if (exec == nullptr) continue;
    for (const graph::Mount& mount : exec->mounts) {
      if (const auto* cache = std::get_if<graph::CacheMount>(&mount.what)) ids.push_back(cache->id);
    }
  }
  return ids;
}

}  // namespace

MountCaches::~MountCaches() {
  stop_.request_stop();
  if (saving_.valid()) saving_.wait();
}

void MountCaches::check_ids(const graph::Definition& definition) const {
  if (around_.rules.ids.empty()) return;
  const std::vector<std::string> known = mount_ids(definition);
  for (const std::string& id : around_.rules.ids) {
    if (std::find(known.begin(), known.end(), id) != known.end()) continue;
    const std::string near = base::nearest(id, known);
    around_.warn(fmt::format("--cache-mounts=persist={}: no RUN has a cache mount of this id{}", id,
                             near.empty() ? "" : fmt::format(", did you mean '{}'", near)));
  }
}

std::optional<cache::MountSave> MountCaches::find(const CacheImport& import, const ops::KeptMount& mount,
                                                  const std::stop_token& stop) const {
  std::optional<std::string> text = import.records->backend().read(cache::mount_document(mount.name), stop);
  if (!text) return std::nullopt;
  cache::MountSave save = cache::MountSave::parse(*text);
  const bool too_old = import.ttl.count() > 0 && save.saved + import.ttl.count() < os::now() / kNanoseconds;
  return too_old ? std::nullopt : std::optional(std::move(save));
}

bool MountCaches::restore_from(const CacheImport& import, const ops::KeptMount& mount,
                               const std::string& tree, const std::stop_token& stop) {
  std::optional<cache::MountSave> save = find(import, mount, stop);
  if (!save) return false;
  const snapshot::BlobOpener opener = opener_of(import);
  MountState state;
  state.index = restore_mount(*save, opener, around_.layers, tree, stop);
  if (around_.layers.form() == snapshot::Form::kOwn) ops::write_cache_owners(mount.directory, state.index);
  for (const cache::MountLayer& layer : save->layers) around_.blobs.add(layer.blob.digest, opener);
  around_.note(fmt::format("cache mount '{}' restored from the cache in {}: {}", mount.id,
                           import.records->name(), base::human_size(save->size)));
  state.save = std::move(*save);
  state.time = os::now();
  try {
    write_mount_state(mount.directory, state);
  } catch (const base::Error&) {
    remove_mount_state(mount.directory);  // costs the next save its delta
  }
  return true;
}

bool MountCaches::restore(const ops::KeptMount& mount, const std::string& tree, const std::stop_token& stop) {
  // Of a directory that is gone.
  remove_mount_state(mount.directory);
  if (!around_.rules.persists(mount.id)) return false;
  std::string failure;  // the first
  auto note_failure = [&](const CacheImport& import, const std::string& why) {
    if (failure.empty())
      failure = fmt::format("cache mount '{}' cannot be restored from the cache in {}: {}", mount.id,
                            import.records->name(), why);
  };
  bool restored = false;
  for (std::size_t i = 0; !restored && i < around_.imports.size(); ++i) {
    const CacheImport& import = around_.imports[i];
    // Whoever did not answer for a step would let every mount wait as long again.
    if (const std::string outage = import.records->outage(); !outage.empty()) {
      note_failure(import, outage);
      continue;
    }
    try {
      restored = restore_from(import, mount, tree, stop);
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kCancelled) throw;
      note_failure(import, error.summary());
    }
  }
  if (!failure.empty()) around_.warn(failure);
  return restored;
}

void MountCaches::used(const ops::KeptMount& mount) {
  if (!around_.rules.persists(mount.id)) return;
  used_.with([&](auto& used) { used.insert_or_assign(mount.name, mount); });
}

void MountCaches::start_saving() {
  std::map<std::string, ops::KeptMount> mounts =
      used_.with([](auto& used) { return std::exchange(used, {}); });
  if (mounts.empty()) return;
  saving_ = std::async(std::launch::async, [this, mounts = std::move(mounts)] { return save_all(mounts); });
}

std::vector<std::string> MountCaches::save_all(const std::map<std::string, ops::KeptMount>& mounts) const {
  MountSaver saver({around_.exports, around_.layers, around_.pool, around_.blobs, around_.rules},
                   around_.warn);
  std::vector<std::string> lines;
  for (const auto& [name, mount] : mounts) {
    std::string line = saver.save(mount, stop_.get_token());
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> MountCaches::finish_saving(const std::stop_token& stop) {
  if (!saving_.valid()) return {};
  std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  return saving_.get();
}

void MountCaches::save_after_failure(const std::stop_token& stop) {
  try {
    if (!saving_.valid()) start_saving();
    finish_saving(stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCancelled) around_.warn(error.summary());
  }
}

}  // namespace cooper::build
