#include "ops/stage.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/file_pack.h"
#include "snapshot/tree_writer.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

constexpr std::size_t kFilesPerTask = 256;
constexpr std::size_t kBuffer = 128 << 10;

// Takes the bytes of additions to where they go, and checks that they are those that keys were made of.
class ContentCopier {
 public:
  void copy(const Addition& addition, base::ByteSink& sink) {
    if (addition.bytes.tree == nullptr) {
      base::MemorySource content(addition.bytes.content);
      return copy(addition, content, sink);
    }
    copy(addition, addition.bytes.tree->open(addition.bytes.path), sink);
  }

  void copy(const Addition& addition, const os::Fd& source, base::ByteSink& sink) {
    os::FdSource content(source.get(), addition.bytes.path);
    copy(addition, content, sink);
  }

 private:
  void copy(const Addition& addition, base::ByteSource& content, base::ByteSink& sink) {
    const Entry& entry = addition.entry;
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
  }

  std::vector<std::byte> buffer_ = std::vector<std::byte>(kBuffer);
};

// Writes a run of files that are neighbours in the tree.
class FileStager {
 public:
  FileStager(const std::string& tree, snapshot::Form form) : writer_(tree, form) {}

  void place(const Addition& addition) {
    if (addition.bytes.tree == nullptr) return write(addition, os::Fd());
    os::Fd source = addition.bytes.tree->open(addition.bytes.path);
    if (addition.bytes.tree->has_immutable_files() && writer_.share_file(source, addition.entry)) return;
    if (addition.entry.content.empty() && copy_by_kernel(source, addition.entry)) return;
    write(addition, source);
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

  void write(const Addition& addition, const os::Fd& source) {
    os::Fd file = writer_.create_file(addition.entry);
    os::FdSink sink(file.get(), addition.entry.path);
    if (source.valid()) {
      copier_.copy(addition, source, sink);
    } else {
      copier_.copy(addition, sink);
    }
    writer_.finish_file(file, addition.entry);
  }

  snapshot::TreeWriter writer_;
  ContentCopier copier_;
};

// Writes into the pack from an offset on, in pieces of some size.
class PackSink final : public base::ByteSink {
 public:
  PackSink(const os::Fd& pack, std::uint64_t offset) : pack_(pack), offset_(offset) {}

  void write(base::ByteSpan data) override {
    held_.insert(held_.end(), data.begin(), data.end());
    if (held_.size() >= kPiece) flush();
  }
  void finish() override { flush(); }

 private:
  static constexpr std::size_t kPiece = 512 << 10;

  void flush() {
    for (std::size_t done = 0; done < held_.size();) {
      const auto at = static_cast<off_t>(offset_);
      const ssize_t count = base::check(::pwrite(pack_.get(), held_.data() + done, held_.size() - done, at),
                                        "write", "a layer's pack");
      done += static_cast<std::size_t>(count);
      offset_ += static_cast<std::uint64_t>(count);
    }
    held_.clear();
  }

  const os::Fd& pack_;
  std::uint64_t offset_;
  std::vector<std::byte> held_;
};

using Files = std::vector<const Addition*>;

// Runs `stage(first, end)` for neighbouring files.
void for_runs(const Files& files, base::ThreadPool& pool,
              const std::function<void(std::size_t first, std::size_t end)>& stage) {
  const std::size_t tasks = (files.size() + kFilesPerTask - 1) / kFilesPerTask;
  base::parallel_for(pool, tasks, 1, [&](std::size_t task) {
    stage(task * kFilesPerTask, std::min(files.size(), (task + 1) * kFilesPerTask));
  });
}

void stage_tree(const Files& files, const std::string& tree, snapshot::Form form, base::ThreadPool& pool) {
  for_runs(files, pool, [&](std::size_t first, std::size_t end) {
    FileStager stager(tree, form);
    for (std::size_t i = first; i < end; ++i) stager.place(*files[i]);
  });
}

void stage_pack(const Files& files, const std::string& path, base::ThreadPool& pool) {
  std::vector<std::uint64_t> offsets;
  std::uint64_t offset = 0;
  for (const Addition* file : files) {
    offsets.push_back(offset);
    offset += file->entry.size;
  }
  const os::Fd pack = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  for_runs(files, pool, [&](std::size_t first, std::size_t end) {
    PackSink sink(pack, offsets[first]);
    ContentCopier copier;
    for (std::size_t i = first; i < end; ++i) copier.copy(*files[i], sink);
    sink.finish();
  });
}

// Files of other layers are shared as they are, which a pack cannot.
bool go_into_pack(const Files& files) {
  std::vector<std::uint64_t> sizes;
  for (const Addition* file : files) {
    if (file->bytes.tree != nullptr && file->bytes.tree->has_immutable_files()) return false;
    sizes.push_back(file->entry.size);
  }
  return snapshot::belong_in_pack(sizes);
}

}  // namespace

snapshot::LayerIndex stage_additions(std::vector<Addition> additions, snapshot::Staging& staging,
                                     snapshot::Form form, LayerUse use, base::ThreadPool& pool) {
  Files files;
  for (const Addition& addition : additions) {
    if (addition.entry.type == EntryType::kFile) files.push_back(&addition);
  }
  if (use == LayerUse::kOnlyRead && go_into_pack(files)) {
    stage_pack(files, staging.pack(), pool);
    staging.set_packed();
  } else {
    stage_tree(files, staging.tree(), form, pool);
    staging.set_files_finished();
  }
  std::vector<Entry> entries;
  entries.reserve(additions.size());
  for (Addition& addition : additions) entries.push_back(std::move(addition.entry));
  return snapshot::LayerIndex(std::move(entries));
}

}  // namespace cooper::ops
