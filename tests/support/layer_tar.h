// Layer tars for tests, made entry by entry, and blobs of them as an image would name them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/compression.h"
#include "archive/tar_entry.h"
#include "archive/tar_writer.h"
#include "base/bytes.h"
#include "oci/media_type.h"
#include "snapshot/layer.h"

namespace cooper::support {

class LayerTar {
 public:
  LayerTar& add(archive::TarEntry entry, std::string content = "");
  LayerTar& file(const std::string& path, const std::string& content = "", std::uint32_t mode = 0644);
  LayerTar& directory(const std::string& path, std::uint32_t mode = 0755);
  LayerTar& symlink(const std::string& path, const std::string& target);
  LayerTar& hardlink(const std::string& path, const std::string& target);
  std::string bytes() const;

 private:
  std::vector<std::pair<archive::TarEntry, std::string>> entries_;
};

struct Blob {
  std::string bytes;
  snapshot::SealedLayer sealed;
};
inline Blob make_blob(const std::string& tar, oci::Compression compression = oci::Compression::kGzip);

// A source that owns its bytes and hands out at most `piece` at a time.
class StringSource final : public base::ByteSource {
 public:
  explicit StringSource(std::string bytes, std::size_t piece = SIZE_MAX)
      : bytes_(std::move(bytes)), piece_(piece) {}
  std::size_t read(base::MutableByteSpan buffer) override;

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t position_ = 0;
};

inline LayerTar& LayerTar::add(archive::TarEntry entry, std::string content) {
  if (entry.type == archive::EntryType::kFile) entry.size = content.size();
  entries_.emplace_back(std::move(entry), std::move(content));
  return *this;
}

inline LayerTar& LayerTar::file(const std::string& path, const std::string& content, std::uint32_t mode) {
  archive::TarEntry entry;
  entry.path = path;
  entry.mode = mode;
  entry.mtime = 1'700'000'000;
  return add(std::move(entry), content);
}

inline LayerTar& LayerTar::directory(const std::string& path, std::uint32_t mode) {
  archive::TarEntry entry;
  entry.path = path;
  entry.type = archive::EntryType::kDirectory;
  entry.mode = mode;
  entry.mtime = 1'700'000'001;
  return add(std::move(entry));
}

inline LayerTar& LayerTar::symlink(const std::string& path, const std::string& target) {
  archive::TarEntry entry;
  entry.path = path;
  entry.type = archive::EntryType::kSymlink;
  entry.mode = 0777;
  entry.link_target = target;
  return add(std::move(entry));
}

inline LayerTar& LayerTar::hardlink(const std::string& path, const std::string& target) {
  archive::TarEntry entry;
  entry.path = path;
  entry.type = archive::EntryType::kHardlink;
  entry.link_target = target;
  return add(std::move(entry));
}

inline std::string LayerTar::bytes() const {
  base::StringSink out;
  archive::TarWriter writer(out);
  for (const auto& [entry, content] : entries_) {
    writer.begin(entry);
    if (!content.empty()) writer.write_content(std::as_bytes(std::span(content)));
  }
  writer.finish();
  return out.take();
}

inline Blob make_blob(const std::string& tar, oci::Compression compression) {
  base::StringSink out;
  if (compression == oci::Compression::kNone) {
    out.write(std::as_bytes(std::span(tar)));
  } else {
    auto compressor = archive::make_compressor({compression, -1}, out, nullptr);
    compressor->write(std::as_bytes(std::span(tar)));
    compressor->finish();
  }
  Blob blob;
  blob.bytes = out.take();
  blob.sealed.diff_id = base::sha256(tar);
  blob.sealed.blob.media_type = std::string(oci::layer_media_type(compression));
  blob.sealed.blob.digest = base::sha256(blob.bytes);
  blob.sealed.blob.size = blob.bytes.size();
  return blob;
}

inline std::size_t StringSource::read(base::MutableByteSpan buffer) {
  std::size_t count = std::min({buffer.size(), piece_, bytes_.size() - position_});
  if (count > 0) std::memcpy(buffer.data(), bytes_.data() + position_, count);
  position_ += count;
  return count;
}

}  // namespace cooper::support
