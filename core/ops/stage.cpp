#include "ops/stage.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/tree_writer.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

constexpr std::size_t kFilesPerTask = 256;
constexpr std::size_t kBuffer = 128 << 10;

// Writes a run of files that are neighbours in the tree.
class FileStager {
 public:
  FileStager(const std::string& tree, snapshot::Form form) : writer_(tree, form) {}

  void place(const Addition& addition) {
    if (addition.bytes.tree == nullptr) {
      base::MemorySource content(addition.bytes.content);
      write(addition, content);
      return;
    }
    os::Fd source = addition.bytes.tree->open(addition.bytes.path);
    if (addition.bytes.tree->has_immutable_files() && writer_.share_file(source, addition.entry)) return;
    if (addition.entry.content.empty() && copy_by_kernel(source, addition.entry)) return;
    os::FdSource content(source.get(), addition.bytes.path);
    write(addition, content);
  }

 private:
  // False when this pair of file systems cannot; nothing is left then, and the source is at its start again.
  bool copy_by_kernel(const os::Fd& source, const Entry& entry) {
    os::Fd file = writer_.create_file(entry);
    for (std::uint64_t rest = entry.size; rest > 0;) {
      ssize_t count = ::copy_file_range(source.get(), nullptr, file.get(), nullptr, rest, 0);
      if (count <= 0) {
        writer_.remove(entry.path);
        base::check(::lseek(source.get(), 0, SEEK_SET), "rewind", entry.path);
        return false;
      }
      rest -= static_cast<std::uint64_t>(count);
    }
    writer_.finish_file(file, entry);
    return true;
  }

  void write(const Addition& addition, base::ByteSource& content) {
    const Entry& entry = addition.entry;
    os::Fd file = writer_.create_file(entry);
    os::FdSink sink(file.get(), entry.path);
    base::Hasher hasher;
    std::uint64_t size = 0;
    // Where the digest is known, it says that there is no more.
    while (size < entry.size || entry.content.empty()) {
      std::size_t count = content.read(buffer_);
      if (count == 0) break;
      base::ByteSpan bytes = base::ByteSpan(buffer_).first(count);
      hasher.update(bytes);
      sink.write(bytes);
      size += count;
    }
    bool changed = size != entry.size || (!entry.content.empty() && hasher.finish() != entry.content);
    if (changed) {
      throw base::Error(base::ErrorKind::kContext,
                        fmt::format("'/{}' changed while it was being copied", addition.bytes.path))
          .hint("build from files that nothing writes to meanwhile");
    }
    writer_.finish_file(file, entry);
  }

  snapshot::TreeWriter writer_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kBuffer);
};

}  // namespace

snapshot::LayerIndex stage_additions(std::vector<Addition> additions, snapshot::Staging& staging,
                                     snapshot::Form form, base::ThreadPool& pool) {
  std::vector<const Addition*> files;
  for (const Addition& addition : additions) {
    if (addition.entry.type == EntryType::kFile) files.push_back(&addition);
  }
  std::size_t tasks = (files.size() + kFilesPerTask - 1) / kFilesPerTask;
  base::parallel_for(pool, tasks, 1, [&](std::size_t task) {
    FileStager stager(staging.tree(), form);
    std::size_t end = std::min(files.size(), (task + 1) * kFilesPerTask);
    for (std::size_t i = task * kFilesPerTask; i < end; ++i) stager.place(*files[i]);
  });
  staging.set_files_finished();
  std::vector<Entry> entries;
  entries.reserve(additions.size());
  for (Addition& addition : additions) entries.push_back(std::move(addition.entry));
  return snapshot::LayerIndex(std::move(entries));
}

}  // namespace cooper::ops
